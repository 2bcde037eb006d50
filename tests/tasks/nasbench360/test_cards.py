"""Cards of data sets: what of them was compared with an origin, and what was not."""

import pytest

from isthmus.datasets import datasets

BENCHMARK = {
    "cifar100": ("CC BY 4.0", 161),
    "spherical": ("CC BY-SA", 272),
    "ninapro": ("CC BY-ND", 15),
    "fsd50k": ("CC BY 4.0", 24_000),
    "darcy": ("MIT", 1_600),
    "psicov": (None, 1_100),
    "cosmic": (None, 6_500),
    "ecg": (None, 150),
    "satellite": (None, 322),
    "deepsea": (None, 860),
}
"""Licences and sizes as the benchmark states them; None where its statement was not seen"""


@pytest.mark.parametrize("name", BENCHMARK)
def test_licence_and_size_of_a_task(name: str) -> None:
    licence, size = BENCHMARK[name]
    data = datasets()[f"nasbench360/{name}"].require_data()
    assert data.files[0].size == size
    if licence is None:
        assert data.licence.endswith(" (not checked)")
    else:
        assert data.licence == licence
    assert any("licence" in note for note in data.notes)


@pytest.mark.parametrize("name", ["tiny-imagenet", "imagenet", "voc", "conll2003"])
def test_the_card_of_a_source_says_what_is_not_checked(name: str) -> None:
    assert "licence and size: not checked" in datasets()[name].require_data().notes

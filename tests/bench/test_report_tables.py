"""Contents of the tables: errors, paired tests, failures and published errors."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from isthmus.bench.records import RunRecord
from isthmus.bench.report_tables import (
    Table,
    errors_table,
    failures_table,
    format_error,
    paired_tests_table,
    published_tables,
)
from isthmus.bench.results import GridResults

Records = Callable[..., list[RunRecord]]


def texts(table: Table) -> list[list[str]]:
    """Return the texts of a table's cells, row by row."""
    return [[cell.text for cell in row] for row in table.rows]


def test_a_row_for_each_system_and_a_column_for_each_task(results: GridResults) -> None:
    table = errors_table(results)
    assert table.header == ["", "a, error %", "b, nrmse", "c", "mean rank (2 of 3 tasks)", "median time, s"]
    assert texts(table) == [
        ["one", "22.0 ± 2.0", "0.00705 ± 0.00002", "- (0 of 1)", "1.50", "2"],
        ["two", "12.0 ± 2.0", "0.00710 (1 of 3)", "- (0 of 1)", "1.50", "2"],
    ]
    assert [cell.text for row in table.rows for cell in row if cell.bold] == [
        "0.00705 ± 0.00002",
        "12.0 ± 2.0",
    ]
    assert len(table.notes) == 2


@pytest.mark.parametrize(
    ("metric", "mean", "deviation", "text"),
    [
        ("error", 0.12345, 0.01, "12.3 ± 1.0"),
        ("error", 1.0, None, "100.0"),
        ("rmse", 0.0, 0.0, "0.00 ± 0.00"),
        ("rmse", 123.4, 5.6, "123 ± 6"),
        ("rmse", 1.234, 0.5, "1.23 ± 0.50"),
        ("rmse", 0.00728, 0.0001, "0.00728 ± 0.00010"),
    ],
)
def test_three_digits_or_a_decimal_of_percent(
    metric: str, mean: float, deviation: float | None, text: str
) -> None:
    assert format_error(metric, mean, deviation) == text


def test_metrics_that_differ_are_shown(records_of: Records) -> None:
    records = records_of({("a", "one"): [0.2, 0.2]}) + records_of({("a", "two"): [0.1, 0.1]}, {"a": "rmse"})
    table = errors_table(GridResults(records))
    assert [row[1] for row in texts(table)] == ["20.0 ± 0.0 error %", "0.100 ± 0.000 rmse"]
    assert not any(cell.bold for row in table.rows for cell in row)


def test_pairs_against_a_reference_on_its_backbone(results: GridResults, records_of: Records) -> None:
    rows = texts(paired_tests_table(results, "one"))
    assert [row[:2] for row in rows] == [["two - one", "4 (task, seed)"], ["two - one", "2 tasks"]]
    assert rows[0][2].endswith(" % of the mean of the two")  # in a and b metrics differ
    assert rows[0][3:5] == ["3", "1"]
    records = records_of({("a", m): [0.1, 0.2] for m in ("one", "two")})
    records += [replace(record, backbone="vit") for record in records]
    assert [row[0] for row in texts(paired_tests_table(GridResults(records), "one"))[::2]] == [
        "two, swin-micro - one, swin-micro",
        "two, vit - one, vit",
    ]


def test_failures_have_a_reason(results: GridResults) -> None:
    assert texts(failures_table(results)) == [["c", "one", "0", "no | memory"]]


def test_published_errors_stand_apart() -> None:
    tables = published_tables(["nasbench360/ninapro", "mine", "pdebench/darcy2d"])
    assert len(tables) == 4
    for table in tables:
        assert table.title.startswith("Published, not run here: Table ")
        assert "ICML 2024" in table.title
        assert len(table.header) == 2
    assert tables[0].header == ["", "nasbench360/ninapro, 0-1 %"]
    assert ["DASH", "6.6"] in texts(tables[0])
    assert ["PaRe", "6.53"] in texts(tables[0])
    assert tables[1].header == ["", "pdebench/darcy2d, nRMSE"]
    assert ["U-Net", "-"] in texts(tables[1])
    assert published_tables(["mine"]) == []

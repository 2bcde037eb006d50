"""An exported file says what the network says, in the task's own terms, and torch is not needed for it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from isthmus.exports import ExportedNet
from isthmus.tasks import problem_types

SHAPE = (2, 6)
CLASSES: dict[str, Any] = {
    "classification": ["a", "b", "c"],
    "segmentation": [3, 5, 9],
    "multilabel": ["x", "y", "z"],
    "regression": [],
}


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes the ONNX file of a network that doubles the first channels of its input, or averages them."""

    def write(
        which: str, channels: int = 2, dense: bool = True, element: int = TensorProto.FLOAT, **more: Any
    ) -> Path:
        size = (SHAPE[1],) if dense else ()
        nodes = [helper.make_node("Add", ["x", "x"], ["twice"])]
        if dense:
            nodes.append(helper.make_node("Identity", ["twice"], ["output"]))
        else:
            nodes.append(helper.make_node("ReduceMax", ["twice", "axes"], ["output"], keepdims=0))
        axes = [helper.make_tensor("axes", TensorProto.INT64, [1], [2])]
        graph = helper.make_graph(
            nodes,
            "tiny",
            [helper.make_tensor_value_info("x", element, [1, *SHAPE])],
            [helper.make_tensor_value_info("output", element, [1, SHAPE[0], *size])],
            axes,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
        about = {
            "task": "tiny",
            "kind": which,
            "input_shape": SHAPE,
            "output_channels": channels,
            "classes": CLASSES[which][:channels],
            "description": None,
        }
        entry = model.metadata_props.add()
        entry.key, entry.value = "isthmus", json.dumps(about | more)
        onnx.save(model, tmp_path / "tiny.onnx")
        return tmp_path / "tiny.onnx"

    return write


X = np.random.default_rng(0).normal(size=(5, *SHAPE)).astype(np.float32)


@pytest.mark.parametrize(
    ("kind", "dense"),
    [
        ("classification", False),
        ("segmentation", True),
        ("multilabel", False),
        ("regression", True),
        ("regression", False),
    ],
)
def test_outputs_are_read_as_a_run_reads_them(written: Callable[..., Path], kind: str, dense: bool) -> None:
    net, known = ExportedNet(written(kind, dense=dense)), problem_types[kind]()
    outputs = torch.from_numpy(2 * X if dense else (2 * X).max(2))
    assert np.array_equal(net.outputs(X), outputs.numpy())
    classes = tuple(CLASSES[kind][:2])
    assert np.array_equal(net.predict(X), known.decode(outputs, classes))
    assert net.predict(X).dtype.kind == known.decode(outputs, classes).dtype.kind
    if classes:
        assert net.predict_proba(X) == pytest.approx(known.probabilities(outputs), abs=1e-6)


def test_float64_stays(written: Callable[..., Path]) -> None:
    net = ExportedNet(written("regression", element=TensorProto.DOUBLE))
    x = 1 + 1e-12 * X.astype(np.float64)
    assert np.array_equal(net.predict(x), 2 * x)


def test_what_does_not_fit_is_refused(
    written: Callable[..., Path], refuses: Callable[..., Any], tmp_path: Path
) -> None:
    net = ExportedNet(written("regression"))
    with refuses("conflict"):
        net.predict_proba(X)
    with refuses("value", "x"):
        net.predict(X[:, :, :4].repeat(3, axis=1))
    with refuses("value", "x[2]"):
        net.predict(np.where(np.arange(5)[:, None, None] == 2, np.float32(3e38), X))
    with refuses("file", tmp_path / "none.onnx"):
        ExportedNet(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("no model")
    with refuses("file", tmp_path / "text.onnx", upto="damaged:"):
        ExportedNet(tmp_path / "text.onnx")
    with refuses("file", tmp_path / "tiny.onnx"):
        ExportedNet(written("regression", kind="none"))


def test_the_command_predicts_without_torch(written: Callable[..., Path], tmp_path: Path) -> None:
    file = written("classification", dense=False, description="x: values\ny: kind\n")
    np.savez(tmp_path / "new.npz", values=X)
    check = (
        "import sys\nsys.modules['torch'] = None\nfrom isthmus import cli\n"
        f"sys.argv = ['isthmus', 'predict', {str(file)!r}, 'new.npz', '-o', 'out.csv', '--proba']\ncli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = (tmp_path / "out.csv").read_text().split()
    assert lines[0] == "sample,kind,p_a,p_b"
    assert [line.split(",")[1] for line in lines[1:]] == ExportedNet(file).predict(X).tolist()

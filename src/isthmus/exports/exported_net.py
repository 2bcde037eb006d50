"""An exported network: it predicts as its run does, and neither torch nor the run is needed."""

import json
import tempfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.config.description import Description
from isthmus.errors import InputError
from isthmus.files import check_path
from isthmus.tasks.arrays import prepare_inputs
from isthmus.tasks.custom.description import read_description
from isthmus.tasks.custom.new_samples import read_new_samples
from isthmus.tasks.predictions import Predictions, target_names

ABOUT, INPUT, OUTPUT = "isthmus", "x", "output"
KEYS = {"task", "kind", "input_shape", "output_channels", "classes", "description"}

Decode = Callable[[np.ndarray, Sequence[str | int]], np.ndarray]


class ExportedNet:
    """A network that `isthmus export` wrote.

    Args:
        path: ONNX file.

    Raises:
        InputError: If it is no such file, or onnxruntime is missing.

    Attributes:
        about: Task, kind, shapes, classes and description of the data.
    """

    def __init__(self, path: str | Path) -> None:
        self._session = new_session(Path(path))
        text = self._session.get_modelmeta().custom_metadata_map.get(ABOUT, "")
        try:
            self.about: dict[str, Any] = json.loads(text)
            foreign = KEYS - set(self.about)
        except (ValueError, TypeError):
            foreign = KEYS
        if foreign or self.about["kind"] not in DECODERS:
            raise InputError(f"'{path}' was not written by isthmus export", kind="file", key=path)
        (given,) = self._session.get_inputs()
        self._dtype = np.float64 if given.type == "tensor(double)" else np.float32

    def outputs(self, x: Any) -> np.ndarray:
        """Compute the network's outputs [N, C', *size].

        Args:
            x: Samples like those of the task; the series of a list may differ in length.

        Raises:
            InputError: If they do not fit the task, or an output is NaN or infinite.
        """
        inputs = prepare_inputs(x, tuple(self.about["input_shape"]), dtype=self._dtype)
        outputs = [self._session.run(None, {INPUT: inputs[i : i + 1]})[0] for i in range(len(inputs))]
        found: np.ndarray = np.concatenate(outputs)
        finite = np.isfinite(found).reshape(len(found), -1).all(1)
        if not finite.all():
            name = f"x[{int(finite.argmin())}]"
            raise InputError(
                f"the network gives NaN or infinity for {name}; look for a wrong value", key=name
            )
        return found

    def predict(self, x: Any) -> np.ndarray:
        """Predict in the task's own terms: classes by name, 0 or 1 a label, numbers, a field, a mask."""
        return self._decode(self.outputs(x))

    def predict_proba(self, x: Any) -> np.ndarray:
        """Predict probabilities of classes or labels [N, C', *size], in the order of `about["classes"]`.

        Raises:
            InputError: If the task has no classes.
        """
        return self._probabilities(self.outputs(x))

    def predict_file(self, data: Any, *, probabilities: bool = False) -> Predictions:
        """Predict the samples of a file, which is read as the run's own data was; targets in it are not used.

        Args:
            data: File or folder of any format that data is read from, or data in memory.
            probabilities: Whether to compute those of classes or labels, too.

        Raises:
            InputError: If it cannot be read, or its samples do not fit the task.
        """
        classes, description = tuple(self.about["classes"]), self._description()
        samples = read_new_samples(data, description, tuple(self.about["input_shape"]))
        outputs = self.outputs(samples.x)
        return Predictions(
            ids=samples.ids,
            targets=target_names(description, self.about["output_channels"] if not classes else 1),
            values=self._decode(outputs),
            classes=classes,
            probabilities=self._probabilities(outputs) if probabilities else None,
        )

    def _decode(self, outputs: np.ndarray) -> np.ndarray:
        """Return outputs [N, C', *size] in the task's own terms."""
        return DECODERS[self.about["kind"]](outputs, self.about["classes"])

    def _probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return the probabilities of outputs [N, C', *size]."""
        kind = self.about["kind"]
        if kind not in PROBABILITIES:
            raise InputError(
                f"the task is {kind}, which has no classes, so no probabilities", kind="conflict"
            )
        return PROBABILITIES[kind](outputs.astype(np.float32))

    def _description(self) -> Description | None:
        """Return how the run's own data was read."""
        text = self.about["description"]
        if text is None:
            return None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "description.yaml"
            path.write_text(text, encoding="utf-8")
            return read_description(path)


def new_session(path: Path) -> Any:
    """Open an ONNX file.

    Raises:
        InputError: If onnxruntime is missing, or the file is missing or damaged.
    """
    if find_spec("onnxruntime") is None:
        message = "an ONNX file is read by the package onnxruntime: pip install isthmus[onnx]"
        raise InputError(message, kind="dependency", key="onnxruntime")
    import onnxruntime

    if not path.exists():
        raise InputError(f"there is no file '{path}'", kind="file", key=path)
    check_path(path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are raised, too
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # of classes that the package does not name
        raise InputError(
            f"'{path}' is no ONNX file, or damaged: {str(error).splitlines()[0][:200]}", kind="file", key=path
        ) from None


def _class_names(outputs: np.ndarray, classes: Sequence[str | int]) -> np.ndarray:
    """Return the most probable class by name, [N, *size]."""
    names: np.ndarray = np.asarray(classes)[outputs.argmax(1)]
    return names


def _softmax(outputs: np.ndarray) -> np.ndarray:
    """Return probabilities of classes that exclude one another."""
    powers = np.exp(outputs - outputs.max(1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(1, keepdims=True)
    return shares


DECODERS: dict[str, Decode] = {
    "classification": _class_names,
    "segmentation": _class_names,
    "multilabel": lambda outputs, classes: (outputs > 0).astype(np.int64),
    "regression": lambda outputs, classes: outputs[:, 0] if outputs.shape[1:] == (1,) else outputs,
}
PROBABILITIES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "classification": _softmax,
    "segmentation": _softmax,
    "multilabel": lambda outputs: 1 / (1 + np.exp(-outputs)),
}

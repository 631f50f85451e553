"""The program that lies beside an exported network: complete, tidy, and it sees as cnnlab does."""

import ast
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from cnnlab.config import Colour, DataConfig, Resize
from cnnlab.datasets.images import load, prepare
from cnnlab.reports.export_snippet import readme, snippet
from cnnlab.runs.model_exports import Certificate
from cnnlab.runs.model_formats import ModelFormat
from tests.pictures import write_odd_pictures

RUNTIMES = {
    ModelFormat.KERAS: "keras",
    ModelFormat.LITERT: "ai_edge_litert",
    ModelFormat.LITERT_INT8: "ai_edge_litert",
    ModelFormat.SAVED_MODEL: "tensorflow",
    ModelFormat.ONNX: "onnxruntime",
}


def imported(text: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).split(".")[0])
    return names - set(sys.stdlib_module_names)


@pytest.mark.parametrize("model_format", ModelFormat)
def test_it_needs_pillow_numpy_and_one_runtime_only(model_format):
    text = snippet(model_format, DataConfig())
    assert imported(text) == {"PIL", "numpy", "pillow_heif", RUNTIMES[model_format]}


def test_it_is_tidy(tmp_path):
    for model_format in ModelFormat:
        for resize in Resize:
            for colour in Colour:
                data = DataConfig(size=28, resize=resize, colour=colour)
                name = f"{model_format.name}_{resize.name}_{colour.name}.py".lower()
                (tmp_path / name).write_text(snippet(model_format, data), encoding="utf-8")
    rules = ["--select", "E,F,W,I,B,UP,SIM,C4,PTH,RUF,RET,A"]
    options = ["--isolated", "--no-cache", "--line-length", "100", "--target-version", "py311"]
    for command in (["check", *rules], ["format", "--diff"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options, str(tmp_path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("colour", Colour)
@pytest.mark.parametrize("resize", Resize)
def test_it_reads_pictures_of_every_kind_as_cnnlab_does(tmp_path, resize, colour):
    data = DataConfig(size=33, resize=resize, colour=colour)
    reading, _ = snippet(ModelFormat.LITERT, data).split("NETWORK = ")
    module = ModuleType("predict")
    module.__file__ = "predict.py"
    exec(compile(reading, "predict.py", "exec"), module.__dict__)
    pictures = write_odd_pictures(tmp_path)
    for path in pictures:
        expected = prepare(load(path), data.size, data.resize, data.colour)
        np.testing.assert_array_equal(module.read_picture(path), expected, err_msg=path.name)


def test_the_words_beside_it_name_classes_command_and_what_was_found():
    certificate = Certificate(
        run="quick-1",
        format=ModelFormat.LITERT_INT8,
        split="test",
        pictures=200,
        left_out=3,
        agreeing=199,
        largest_difference=0.0123,
        files={"model.tflite": {"sha256": "0" * 64, "bytes": 10}},
        versions={},
        made_at=0.0,
    )
    names = ("a`b", "new\nline", *(f"class {number}" for number in range(30)))
    text = readme(certificate, names, DataConfig(size=28, colour=Colour.GREY))
    assert "pip install numpy pillow ai-edge-litert" in text
    assert "32 classes" in text
    assert "`a'b`, `new line`, `class 0`" in text
    assert "class 20" not in text
    assert "28 x 28 pixels" in text
    assert "one channel of grey" in text
    assert "199 of 200 test pictures; largest difference 0.012. 3 more have changed" in text
    assert "rounded to 8 bits" in text

"""What is compared before an exported network is called the run's own."""

import json
import math
import time

import numpy as np
import pandas as pd
import pytest

from cnnlab.datasets.images import content_hash
from cnnlab.errors import RunError
from cnnlab.reports.certificate import ask, certify, compare, held_out_pictures
from cnnlab.runs.model_exports import FACTS, SNIPPET, Certificate
from cnnlab.runs.model_formats import ModelFormat
from tests.finished import CLASSES, answers, joined
from tests.pictures import coloured_square

FAKE = """
import argparse, json, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--list")
paths = json.loads(pathlib.Path(parser.parse_args().list).read_text())
answers = json.loads((pathlib.Path(__file__).parent / "answers.json").read_text())
print(json.dumps({path: answer for path, answer in zip(paths, answers)}))
"""


@pytest.fixture
def root(tmp_path):
    """Pictures that the predictions of `tests.finished` name."""
    folder = tmp_path / "pictures"
    for number in range(40):
        name = CLASSES[number % 2]
        (folder / name).mkdir(parents=True, exist_ok=True)
        coloured_square(name, number, 8).save(folder / name / f"{number}.png")
    return folder


def split_of(predictions, root) -> pd.DataFrame:
    hashes = [content_hash((root / path).read_bytes()) for path in predictions.paths]
    return pd.DataFrame({"path": predictions.paths, "content_hash": hashes})


def fake_export(folder, probabilities, program=FAKE):
    """An export whose program says what it is told to say."""
    folder.mkdir()
    (folder / "model.tflite").write_bytes(b"weights")
    (folder / FACTS).write_text(json.dumps({"class_names": CLASSES}))
    rows = [dict(zip(CLASSES, map(float, row), strict=True)) for row in probabilities]
    (folder / "answers.json").write_text(json.dumps(rows))
    (folder / SNIPPET).write_text(program)
    return folder


def certificate_of(folder, held_out, model_format=ModelFormat.LITERT) -> Certificate:
    return certify(folder, model_format, "quick-1", CLASSES, held_out)


# --- which pictures ---


def test_test_pictures_are_taken_and_validation_pictures_where_there_are_none(root):
    validation, test = answers([True] * 10, split="validation"), answers([True] * 6, start=10)
    both = joined(validation, test)
    held_out = held_out_pictures(both, split_of(both, root), root)
    assert held_out.split == "test"
    assert held_out.files == tuple(root / path for path in test.paths)
    np.testing.assert_array_equal(held_out.probabilities, test.probabilities)
    assert held_out_pictures(validation, split_of(validation, root), root).split == "validation"


def test_many_pictures_are_drawn_from_all_of_them_and_always_the_same(root):
    predictions = answers([True] * 40)
    split = split_of(predictions, root)
    first = held_out_pictures(predictions, split, root, most=12)
    assert len(first.files) == 12
    assert first.files == held_out_pictures(predictions, split, root, most=12).files
    numbers = [int(path.stem) for path in first.files]
    assert numbers == sorted(numbers)
    assert numbers != list(range(12))


def test_pictures_that_changed_or_are_gone_are_left_out_and_counted(root):
    predictions = answers([True] * 10)
    split = split_of(predictions, root)
    (root / predictions.paths[2]).unlink()
    (root / predictions.paths[5]).write_bytes((root / predictions.paths[6]).read_bytes())
    held_out = held_out_pictures(predictions, split, root)
    assert (len(held_out.files), held_out.left_out) == (8, 2)
    np.testing.assert_array_equal(
        held_out.probabilities, np.delete(predictions.probabilities, [2, 5], axis=0)
    )


def test_older_runs_that_know_no_contents_use_what_is_there(root):
    predictions = answers([True] * 10)
    (root / predictions.paths[2]).unlink()
    held_out = held_out_pictures(predictions, pd.DataFrame({"path": predictions.paths}), root)
    assert (len(held_out.files), held_out.left_out) == (9, 1)


@pytest.mark.parametrize("harm", ["gone", "none", "training"])
def test_without_any_picture_there_is_no_certificate(root, tmp_path, harm):
    predictions = answers([True] * 4, split="train" if harm == "training" else "test")
    split = split_of(predictions, root)
    if harm == "gone":
        root = tmp_path / "elsewhere"
    if harm == "none":
        predictions = predictions.select("validation")
    with pytest.raises(RunError) as refused:
        held_out_pictures(predictions, split, root)
    assert refused.value.reason == "no-held-out-pictures"


# --- what is compared ---


def test_winners_and_differences_are_counted():
    expected = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    found = np.array([[0.8, 0.2], [0.6, 0.4], [0.5, 0.5]])
    assert compare(expected, found) == (2, pytest.approx(0.4))
    assert compare(expected, expected) == (3, 0.0)


@pytest.mark.parametrize("found", [np.zeros((0, 2)), np.zeros((3, 3)), np.zeros((2, 2))])
def test_nothing_or_something_else_is_not_compared(found):
    with pytest.raises(ValueError, match="same shape"):
        compare(np.zeros((3, 2)) if len(found) else found, found)


def test_an_export_that_agrees_gets_a_certificate(root, tmp_path):
    predictions = answers([True] * 10)
    held_out = held_out_pictures(predictions, split_of(predictions, root), root)
    shifted = np.add(predictions.probabilities, [[1.2e-6, -1.2e-6]], dtype=float)
    folder = fake_export(tmp_path / "export", shifted)
    certificate = certificate_of(folder, held_out)
    assert certificate.holds
    assert certificate.sentence == (
        "Loaded afresh, it agrees on 10 of 10 test pictures; largest difference 0.0000012."
    )
    assert certificate.files["model.tflite"]["bytes"] == len(b"weights")
    assert certificate.versions.keys() == {"python", "numpy", "pillow", "ai-edge-litert"}
    assert abs(certificate.made_at - time.time()) < 600
    assert Certificate.from_json(certificate.to_json()) == certificate


@pytest.mark.parametrize(
    ("model_format", "difference", "kept"),
    [
        (ModelFormat.LITERT, 0.9e-3, True),
        (ModelFormat.LITERT, 1.1e-3, False),
        (ModelFormat.ONNX, 1.1e-3, False),
        (ModelFormat.LITERT_INT8, 0.05, True),
    ],
)
def test_only_the_rounded_format_may_differ(root, tmp_path, model_format, difference, kept):
    predictions = answers([True] * 10)
    held_out = held_out_pictures(predictions, split_of(predictions, root), root)
    shifted = predictions.probabilities.astype(float)
    shifted[3] += [-difference, difference] if shifted[3, 0] > 0.5 else [difference, -difference]
    folder = fake_export(tmp_path / "export", shifted)
    (folder / model_format.model_name).write_bytes(b"weights")
    if kept:
        assert certificate_of(folder, held_out, model_format).agreeing == 10
        return
    with pytest.raises(RunError) as refused:
        certificate_of(folder, held_out, model_format)
    assert refused.value.reason == "export-refused"
    assert "10 of 10 test pictures" in str(refused.value)
    assert "0.0011" in str(refused.value)


@pytest.mark.parametrize(("wrong", "kept"), [(2, True), (3, False)])
def test_the_rounded_format_must_have_95_percent_of_the_winners(root, tmp_path, wrong, kept):
    predictions = answers([True] * 40)
    held_out = held_out_pictures(predictions, split_of(predictions, root), root)
    said = predictions.probabilities.copy()
    said[:wrong] = said[:wrong, ::-1]
    folder = fake_export(tmp_path / "export", said)
    if kept:
        assert certificate_of(folder, held_out, ModelFormat.LITERT_INT8).agreeing == 38
        return
    with pytest.raises(RunError, match=r"37 of 40 test pictures \(92\.5%\)") as refused:
        certificate_of(folder, held_out, ModelFormat.LITERT_INT8)
    assert refused.value.reason == "export-refused"


@pytest.mark.parametrize("model_format", [ModelFormat.LITERT, ModelFormat.LITERT_INT8])
def test_answers_that_are_no_numbers_are_refused(root, tmp_path, model_format):
    predictions = answers([True] * 40)
    held_out = held_out_pictures(predictions, split_of(predictions, root), root)
    said = predictions.probabilities.copy()
    said[0] = math.nan
    with pytest.raises(RunError) as refused:
        certificate_of(fake_export(tmp_path / "export", said), held_out, model_format)
    assert refused.value.reason == "export-refused"


def test_a_certificate_of_no_pictures_never_holds():
    empty = Certificate(
        run="quick-1",
        format=ModelFormat.LITERT,
        split="test",
        pictures=0,
        left_out=0,
        agreeing=0,
        largest_difference=0.0,
        files={},
        versions={},
        made_at=0.0,
    )
    assert not empty.holds


@pytest.mark.parametrize(
    "program",
    [
        FAKE.replace("zip(paths, answers)", "[]"),  # nothing at all
        FAKE.replace("zip(paths, answers)", "zip(paths[1:], answers[1:])"),
        FAKE.replace("{path: answer", "{path + '?': answer"),
        FAKE.replace("{path: answer", "{path: {'green': 1.0}"),
        FAKE.replace("{path: answer", "{path: 'green'"),
        "print('no JSON')",
        "raise SystemExit('out of order')",
    ],
)
def test_a_program_that_answers_something_else_is_refused(root, tmp_path, program):
    predictions = answers([True] * 10)
    held_out = held_out_pictures(predictions, split_of(predictions, root), root)
    folder = fake_export(tmp_path / "export", predictions.probabilities, program)
    with pytest.raises(RunError) as refused:
        certificate_of(folder, held_out)
    assert refused.value.reason == "export-fails"
    if "SystemExit" in program:
        assert "out of order" in str(refused.value)


def test_the_program_knows_nothing_of_this_project(tmp_path, monkeypatch):
    (tmp_path / SNIPPET).write_text(
        "import importlib.util, json, os\n"
        "print(json.dumps([importlib.util.find_spec('cnnlab') is None, os.getcwd()]))\n"
    )
    monkeypatch.chdir(tmp_path)
    alone, place = ask(tmp_path, [], lambda: None)
    assert alone
    assert place != str(tmp_path)


def test_what_is_raised_while_waiting_ends_the_program(tmp_path):
    (tmp_path / SNIPPET).write_text(
        "import pathlib, time\n"
        "time.sleep(600)\n"
        f"pathlib.Path({str(tmp_path / 'went-on')!r}).touch()\n"
    )

    def stop() -> None:
        raise RunError("stopped", "Stopped on request.")

    with pytest.raises(RunError, match="on request"):
        ask(tmp_path, [], stop)
    assert not (tmp_path / "went-on").exists()

"""The command that writes a network for other programs."""

import json

import pytest

from cnnlab.workspace import RunFiles
from tests.finished import turn_answers_round
from tests.test_cli import call, document


@pytest.mark.slow
def test_a_network_is_written_with_its_certificate(trained, tmp_path):
    place, _, run_id = trained
    out = tmp_path / "new" / "network"
    words = ("export", run_id, "--format", "litert", "--out", out)
    answer = document(call(*words, "--json", workspace=place))
    certificate = json.loads((out / "certificate.json").read_text(encoding="utf-8"))
    assert answer == {
        "run": run_id,
        "format": "litert",
        "out": str(out),
        "bytes": sum(path.stat().st_size for path in out.iterdir()),
        "certificate": certificate,
    }
    assert certificate["agreeing"] == certificate["pictures"] > 0
    assert (out / "model.tflite").read_bytes() == RunFiles(
        place.run_folder(run_id)
    ).lite_model.read_bytes()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    again = call(*words, workspace=place)
    assert again.returncode == 1
    assert again.stderr.startswith("bad-target: ")
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.slow
def test_a_network_that_differs_is_refused_with_the_figures(trained, tmp_path):
    place, _, run_id = trained
    turn_answers_round(RunFiles(place.run_folder(run_id)))
    (tmp_path / "out").mkdir()
    words = ("export", run_id, "--format", "litert", "--out", tmp_path / "out", "--json")
    refused = call(*words, workspace=place)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.startswith("export-refused: ")
    assert "test pictures" in refused.stderr
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("no-such-run", "--format", "litert"), 1, "unknown-run"),
        (("no-such-run", "--format", "pickle"), 2, "pickle"),
        (("no-such-run",), 2, "--format"),
    ],
)
def test_what_cannot_be_is_named(trained, tmp_path, words, status, says):
    place, _, _ = trained
    refused = call("export", *words, "--out", tmp_path / "out", workspace=place)
    assert refused.returncode == status
    assert says in refused.stderr
    assert not (tmp_path / "out").exists()

"""The command that writes a report and a model card."""

import pytest

from cnnlab.workspace import RunFiles
from tests.test_cli import call, document


def test_a_report_and_its_card_are_written_where_they_are_wanted(trained, tmp_path):
    place, _, run_id = trained
    report, card = tmp_path / "new" / "report.html", tmp_path / "new" / "README.md"
    words = ("report", run_id, "--out", report, "--card", card, "--json")
    answer = document(call(*words, workspace=place))
    assert answer == {
        "run": run_id,
        "out": str(report),
        "card": str(card),
        "bytes": report.stat().st_size,
        "missing": [],
    }
    written = report.read_text(encoding="utf-8")
    assert written.startswith("<!DOCTYPE html>")
    assert "data:image/jpeg" in written
    assert card.read_text(encoding="utf-8").startswith("# Model card")


@pytest.mark.parametrize("folder", ["there", "to-be-made"])
def test_a_folder_gets_a_report_that_is_called_like_the_run(trained, tmp_path, folder):
    place, _, run_id = trained
    (tmp_path / "there").mkdir()
    words = ("report", run_id, "--out", tmp_path / folder, "--no-pictures")
    told = call(*words, workspace=place)
    assert told.returncode == 0, told.stderr
    assert "needs no internet" in told.stdout
    written = (tmp_path / folder / f"{run_id}.html").read_text(encoding="utf-8")
    assert "data:image/jpeg" not in written


def test_writing_again_replaces_the_report(trained, tmp_path):
    place, _, run_id = trained
    report = tmp_path / "report.html"
    report.write_text("the one before")
    RunFiles(place.run_folder(run_id)).predictions.unlink()
    told = call("report", run_id, "--out", report, workspace=place)
    assert told.returncode == 0
    assert "stored predictions are not there" in told.stderr
    assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert list(tmp_path.glob("*.html")) == [report]


def test_a_run_that_does_not_exist_gets_no_report(trained, tmp_path):
    place, _, _ = trained
    refused = call("report", "no-such-run", "--out", tmp_path / "r.html", workspace=place)
    assert refused.returncode == 1
    assert "unknown-run" in refused.stderr
    assert not (tmp_path / "r.html").exists()


def test_a_place_that_cannot_be_written_to_is_named(trained, tmp_path):
    place, _, run_id = trained
    (tmp_path / "file").write_text("in the way")
    refused = call("report", run_id, "--out", tmp_path / "file" / "r.html", workspace=place)
    assert refused.returncode == 1
    assert "workspace-unusable" in refused.stderr

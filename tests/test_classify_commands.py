"""The commands that ask a finished network."""

import json

import numpy as np
import pytest

from cnnlab.reports.spreadsheet import read_csv_text
from tests.pictures import coloured_square
from tests.test_cli import call, document
from tests.trays import make_tray


@pytest.fixture
def photos(trained):
    place, _, _ = trained
    tray = make_tray(place, per_class=1, bad=1)
    odd = tray.folder / "files" / "red" / "=1+1, 'ü'\n.png"
    coloured_square("red", 900).save(odd)
    return tray.folder / "files"


def test_the_table_says_what_the_json_document_says(trained, photos, tmp_path):
    place, _, run_id = trained
    table = tmp_path / "new folder" / "answers.csv"
    answers = document(call("classify", run_id, photos, "--csv", table, "--json", workspace=place))
    content = table.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = read_csv_text(content.decode("utf-8"))
    assert [row["name"] for row in rows] == [answer["path"] for answer in answers]
    assert [row["true class"] for row in rows] == ["blue", "", "green", "red", "red"]
    for row, answer in zip(rows, answers, strict=True):
        if "error" in answer:
            assert (row["error"], row["error detail"]) == (answer["error"], answer["detail"])
            assert row["label"] == ""
            continue
        assert row["label"] == answer["label"]
        for name, probability in answer["probabilities"].items():
            assert np.float32(row[f"probability of {name}"]) == np.float32(probability)
    assert [file.name for file in table.parent.iterdir()] == ["answers.csv"]


def test_a_table_that_cannot_be_written_is_a_sentence(trained, photos, tmp_path):
    place, _, run_id = trained
    (tmp_path / "file").write_bytes(b"")
    result = call("classify", run_id, photos, "--csv", tmp_path / "file" / "x.csv", workspace=place)
    assert result.returncode == 1
    assert result.stderr.startswith("workspace-unusable: ")


def test_nothing_readable_ends_with_status_1_and_the_table_has_the_reasons(
    trained, photos, tmp_path
):
    place, _, run_id = trained
    table = tmp_path / "answers.csv"
    result = call(
        "classify", run_id, photos / "broken 0.jpg", "--csv", table, "--json", workspace=place
    )
    assert result.returncode == 1
    assert result.stderr.startswith("nothing-readable: ")
    assert len(json.loads(result.stdout)) == 1
    (row,) = read_csv_text(table.read_text(encoding="utf-8"))
    assert row["error"] == "not-an-image"

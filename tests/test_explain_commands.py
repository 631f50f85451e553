"""Heat maps and maps of layers on the command line."""

import json

import numpy as np
import pytest
from PIL import Image

from cnnlab.runs import jobs, runs
from cnnlab.runs.inspections import request_maps, submit_inspection
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.store import open_store
from cnnlab.worker import work
from cnnlab.workspace import RunFiles
from tests.pictures import coloured_square
from tests.test_cli import call, document


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    coloured_square("red", 7).save(folder / "red.png")
    coloured_square("blue", 8).save(folder / "sub.blue.png")
    (folder / "broken.jpg").write_bytes(b"")
    return folder


def test_every_readable_picture_is_explained_and_the_others_named(trained, photos, tmp_path):
    place, _, run_id = trained
    out = tmp_path / "deep" / "out"
    found = document(call("explain", run_id, photos, "--out", out, "--json", workspace=place))
    assert json.loads((out / "explain.json").read_text()) == found
    broken, red, blue = found
    assert broken["error"] == "empty"
    assert broken["path"].endswith("broken.jpg")
    for row in (red, blue):
        assert row["method"] == "gradient"
        assert row["explained_class"] == row["label"]
        assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        for name in (row["seen"], row["heat"]):
            with Image.open(out / name) as image:
                assert image.size == (28, 28)
    assert len({red["heat"], blue["heat"], red["seen"], blue["seen"]}) == 4


def test_another_class_can_be_explained_and_opacity_chosen(trained, photos, tmp_path):
    place, _, run_id = trained
    picture = photos / "red.png"
    result = call(
        *("explain", run_id, picture, "--class", "green", "--opacity", 0),
        *("--out", tmp_path / "out", "--json"),
        workspace=place,
    )
    (row,) = document(result)
    assert row["explained_class"] == "green"
    seen, heat = (Image.open(tmp_path / "out" / row[name]) for name in ("seen", "heat"))
    with seen, heat:
        np.testing.assert_array_equal(np.asarray(seen), np.asarray(heat))


def test_maps_of_a_layer_are_written_beside(trained, photos, tmp_path):
    """What a worker has found before is taken; the filters need a worker."""
    place, _, run_id = trained
    store, picture = open_store(place), photos / "red.png"
    run, files = runs.get_run(store, run_id), RunFiles(place.run_folder(run_id))
    job_id = submit_inspection(store, run, request_maps(files, "conv_1", picture.resolve()))
    assert jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
    work(place, job_id, own_process=False)
    store.close()
    for layer, name in (("conv_1", "0001-red.conv_1.png"), ("filters", "filters.png")):
        result = call(
            *("explain", run_id, picture, "--layer", layer, "--out", tmp_path / "out", "--json"),
            workspace=place,
        )
        (row,) = document(result)
        assert row["sheet"] == name
        assert (tmp_path / "out" / name).stat().st_size > 0
        assert len(row["channels"]) == row["layer_shape"][-1]


def test_failures_have_names(trained, photos, tmp_path):
    place, _, run_id = trained
    red, out = photos / "red.png", tmp_path / "out"

    def failed(*words: object) -> str:
        result = call("explain", *words, "--out", out, "--json", workspace=place)
        assert result.returncode == 1
        return result.stderr.strip().splitlines()[-1].split(":")[0]

    assert failed("nobody", red) == "unknown-run"
    assert failed(run_id, photos / "nothing") == "missing-path"
    assert failed(run_id, red, "--class", "yellow") == "unknown-class"
    assert failed(run_id, photos / "broken.jpg") == "nothing-readable"
    red.write_text("a file")
    blocked = call("explain", run_id, photos / "sub.blue.png", "--out", red, workspace=place)
    assert blocked.returncode == 1
    assert "workspace-unusable" in blocked.stderr
    (place.run_folder(run_id) / "model.tflite").write_bytes(b"damaged")
    assert failed(run_id, photos / "sub.blue.png") == "damaged-model"


def test_people_read_a_table(trained, photos, tmp_path):
    place, _, run_id = trained
    result = call("explain", run_id, photos, "--out", tmp_path / "out", workspace=place)
    assert result.returncode == 0
    assert "gradient" in result.stdout
    assert "empty" in result.stdout

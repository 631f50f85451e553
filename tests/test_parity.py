"""The same photo gives the same probabilities everywhere, whatever kind of file it is."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnlab.config import change_config
from cnnlab.evaluation.predictions import Predictions, read_predictions
from cnnlab.inference.answering import FEW_PHOTOS
from cnnlab.networks.recipes import recipe
from cnnlab.runs import jobs, runs
from cnnlab.runs.datasets import add_dataset
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.store import open_store
from cnnlab.worker import work
from cnnlab.workspace import RunFiles, Workspace, open_workspace
from tests.conftest import end_processes_of
from tests.file_kinds import write_every_kind, write_every_orientation
from tests.pictures import coloured_square
from tests.trained import SMALL

PROJECT = Path(__file__).parents[1]
ODD = ("rotated.jpg", "cmyk.jpg", "sixteen.png", "palette.png")


def write_odd_photos(folder: Path, class_name: str) -> None:
    """A phone's rotated JPEG, a print shop's CMYK JPEG, a 16-bit and a transparent PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    picture = coloured_square(class_name, seed=7, side=60).resize((60, 40))
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter
    picture.save(folder / "rotated.jpg", exif=exif, quality=95)
    picture.convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    grey = np.asarray(picture.convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(folder / "sixteen.png")
    palette = picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    palette.save(folder / "palette.png", transparency=0)


@pytest.fixture(scope="module")
def odd_run(tmp_path_factory) -> Iterator[tuple[Workspace, Path, str]]:
    """A run whose validation and test folders hold odd photos."""
    folder = tmp_path_factory.mktemp("parity")
    root = folder / "pictures"
    for name in ("blue", "red"):
        train = root / "train" / name
        train.mkdir(parents=True)
        for number in range(16):
            coloured_square(name, number).save(train / f"{number}.png")
        write_odd_photos(root / "validation" / name, name)
        write_odd_photos(root / "test" / name, name)
    place = open_workspace(folder / "workspace")
    store = open_store(place)
    dataset = add_dataset(store, place, root)
    run_id = runs.submit_run(store, dataset.id, change_config(recipe("quick").config, SMALL))
    job_id = runs.get_run(store, run_id).job.id
    jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
    work(place, job_id, own_process=False)
    assert runs.get_run(store, run_id).has_model, runs.get_run(store, run_id).job.message
    store.close()
    yield place, root, run_id
    end_processes_of(place)


@pytest.fixture(scope="module")
def stored(odd_run) -> Predictions:
    place, _, run_id = odd_run
    return read_predictions(RunFiles(place.run_folder(run_id)).predictions)


def test_every_odd_photo_has_a_stored_prediction(stored):
    names = {
        f"{split}/{c}/{n}" for split in ("validation", "test") for c in ("blue", "red") for n in ODD
    }
    assert set(stored.paths) == names


def test_command_line_gives_the_stored_probabilities(odd_run, stored):
    place, root, run_id = odd_run
    files = [str(root / path) for path in stored.paths]
    result = subprocess.run(
        [
            *(sys.executable, "-m", "cnnlab", "classify", run_id, *files),
            *("--json", "--workspace", str(place.root)),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answers = json.loads(result.stdout)
    given = [[a["probabilities"][name] for name in stored.class_names] for a in answers]
    np.testing.assert_allclose(given, stored.probabilities, atol=1e-5)


def test_page_gives_the_stored_probabilities(odd_run, stored, monkeypatch):
    place, root, run_id = odd_run
    given = page_answers(place, run_id, [root / path for path in stored.paths], monkeypatch)
    for answer, expected in zip(given, stored.probabilities, strict=True):
        for number, name in enumerate(stored.class_names):
            assert answer[name] == pytest.approx(float(expected[number]), abs=1e-5)


def test_page_and_command_line_agree_for_every_kind_of_file(odd_run, tmp_path, monkeypatch):
    """All eight orientations among them; REST is compared with both in tests/serving."""
    place, _, run_id = odd_run
    folders = [tmp_path / name for name in ("kinds", "turned")]
    for folder in folders:
        folder.mkdir()
    kinds, turned = write_every_kind(folders[0]), write_every_orientation(folders[1])
    given = page_answers(place, run_id, [*kinds, *turned], monkeypatch)
    command = (sys.executable, "-m", "cnnlab", "classify", run_id, *map(str, [*kinds, *turned]))
    result = subprocess.run(
        [*command, "--json", "--workspace", str(place.root)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    for on_page, printed in zip(given, json.loads(result.stdout), strict=True):
        assert on_page == pytest.approx(printed["probabilities"], abs=1e-5), printed["path"]
    for answer in given[-7:]:
        assert answer == pytest.approx(given[-8], abs=1e-5)


def page_answers(
    place: Workspace, run_id: str, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> list[dict[str, float]]:
    """What the page's bars say, for as many photos at once as it draws in full."""
    monkeypatch.setenv("CNNLAB_WORKSPACE", str(place.root))
    found: list[dict[str, float]] = []
    for start in range(0, len(files), FEW_PHOTOS):
        some = files[start : start + FEW_PHOTOS]
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
        app.switch_page("pages/results/classify.py")
        app.query_params["run"] = run_id
        app.run()
        names = [f"{number}-{file.name}" for number, file in enumerate(some)]
        app.file_uploader[0].set_value(
            [(name, file.read_bytes(), "image/*") for name, file in zip(names, some, strict=True)]
        )
        app.run()
        while len(app.get("plotly_chart")) < len(some):  # a page waits half a second at most
            assert not app.error
            app.run()
        assert not app.exception
        found += [bars_of(json.loads(chart.proto.spec)) for chart in app.get("plotly_chart")]
    return found


def bars_of(figure: dict) -> dict[str, float]:
    (trace,) = figure["data"]
    values = trace["x"]
    if isinstance(values, dict):  # plotly packs arrays
        import base64

        values = np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"]).tolist()
    return dict(zip(trace["customdata"], values, strict=True))

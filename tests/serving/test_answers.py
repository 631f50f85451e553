"""Models and predictions of the REST server, asked over real connections."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import requests

import cnnlab
from cnnlab.datasets.photos import Photo, photos_at
from cnnlab.inference.classify import classify
from cnnlab.inference.rejection import write_rejection
from cnnlab.runs import runs
from cnnlab.workspace import RunFiles
from tests.file_kinds import write_every_kind, write_every_orientation
from tests.pictures import COLOURS, coloured_square
from tests.rules import FITTED
from tests.serving.asking import PNG, assert_same, expected_of, form_of, png


def test_health_tells_the_version_and_needs_no_token(served, strict):
    for server in (served.server, strict.server):
        found = server.get("/health").json()
        assert found["status"] == "ok"
        assert found["version"] == cnnlab.__version__


def test_models_lists_finished_runs_only(served):
    config = runs.get_run(served.store, served.run_id).config
    waiting = runs.submit_run(served.store, served.dataset_id, config)
    found = {model["id"]: model for model in served.server.get("/v1/models").json()["models"]}
    assert waiting not in found
    model = found[served.run_id]
    assert model["classes"] == sorted(COLOURS)
    assert model["input"]["size_px"] == 28
    assert model["bytes"] == served.files.lite_model.stat().st_size
    assert model["metrics"] == dict(runs.get_run(served.store, served.run_id).metrics)
    for link in ("self", "predict"):
        assert model["links"][link].startswith(f"/v1/models/{served.run_id}")
    assert served.server.get(model["links"]["self"]).json() == model
    runs.forget_run(served.store, waiting)


def test_latest_is_the_newest_finished_run(served, photo):
    newest = served.server.get("/v1/models").json()["models"][0]["id"]
    assert served.server.get("/v1/models/latest").json()["id"] == newest
    answer = served.server.post("/v1/models/latest/predict", data=photo.read_bytes(), headers=PNG)
    assert answer.json()["model"] == newest


def test_a_picture_as_the_body_is_answered_as_in_this_process(served, network, photo):
    response = served.server.post(
        f"{served.predict}?name=caf%C3%A9.png", data=photo.read_bytes(), headers=PNG
    )
    assert response.status_code == 200
    (expected,) = expected_of(network, [photo])
    assert_same(response.json()["predictions"], [expected | {"path": "café.png"}])


def test_every_file_type_is_answered_as_in_this_process(served, network, tmp_path):
    paths = write_every_kind(tmp_path)
    response = served.server.post(served.predict, files=form_of(paths))
    assert_same(response.json()["predictions"], expected_of(network, paths))


def test_all_eight_orientations_give_the_same_answer(served, network, tmp_path):
    paths = write_every_orientation(tmp_path)
    response = served.server.post(served.predict, files=form_of(paths))
    given = response.json()["predictions"]
    assert_same(given, expected_of(network, paths))
    for answer in given[1:]:
        assert answer["probabilities"] == pytest.approx(given[0]["probabilities"], abs=1e-5)


def test_two_hundred_files_of_any_name_are_answered_in_their_order(served, network):
    odd = [
        "ä ö.png",
        'a"b.png',
        "a;b=c.png",
        "日本.png",
        "=1+1.png",
        "../../up.png",
        "same",
        "same",
    ]
    names = [*odd, "same", "same", *(f"{number}.png" for number in range(198 - len(odd)))]
    classes = [sorted(COLOURS)[number % 3] for number in range(200)]
    form, photos = [], []
    for number, (name, class_name) in enumerate(zip(names, classes, strict=True)):
        content = png(class_name, number)
        form.append(("file", (name, content)))
        photos.append(Photo(name=name.replace('"', "%22"), source=content))
    response = served.server.post(served.predict, files=form)
    expected = [answer.to_json() for answer in classify(network, photos)]
    assert_same(response.json()["predictions"], expected)


def test_top_gives_the_most_probable_classes_first(served, photo):
    whole = served.server.post(served.predict, files=form_of([photo])).json()["predictions"][0]
    short = served.server.post(f"{served.predict}?top=2", files=form_of([photo])).json()
    ranked = sorted(whole["probabilities"].items(), key=lambda item: -item[1])
    given = list(short["predictions"][0]["probabilities"].items())
    assert [name for name, _ in given] == [name for name, _ in ranked[:2]]
    assert short["predictions"][0]["label"] == ranked[0][0]


def test_a_refused_file_spoils_no_other(served, network, photo, tmp_path):
    cut = tmp_path / "cut.png"
    cut.write_bytes(photo.read_bytes()[:-200])
    empty = tmp_path / "empty.jpg"
    empty.touch()
    response = served.server.post(served.predict, files=form_of([cut, photo, empty]))
    assert response.status_code == 200
    first, second, third = response.json()["predictions"]
    assert first["error"] == "truncated"
    assert first["detail"].startswith("cut.png ")
    assert third["error"] == "empty"
    assert_same([second], expected_of(network, [photo]))


def test_a_body_in_chunks_within_the_cap_is_answered(served, network, photo):
    content = photo.read_bytes()
    pieces = (content[start : start + 100] for start in range(0, len(content), 100))
    response = served.server.post(f"{served.predict}?name=photo.png", data=pieces, headers=PNG)
    assert_same(response.json()["predictions"], expected_of(network, [photo]))


def test_answers_never_mix_when_many_ask_at_once(served, network, tmp_path):
    paths = []
    for number in range(80):
        paths.append(tmp_path / f"{number}.png")
        coloured_square(sorted(COLOURS)[number % 3], number, side=30 + number).save(paths[-1])
    expected = expected_of(network, paths)

    def client(number: int) -> list[dict]:
        with requests.Session() as session:
            return [
                session.post(
                    served.server.url + served.predict, files=form_of([path]), timeout=60
                ).json()["predictions"][0]
                for path in paths[number * 10 : number * 10 + 10]
            ]

    with ThreadPoolExecutor(8) as pool:
        given = [answer for part in pool.map(client, range(8)) for answer in part]
    assert_same(given, expected)
    assert len({json.dumps(answer["probabilities"]) for answer in given}) > 40


def test_figures_of_the_rejection_rule_are_shown(served):
    run_id = served.another_run()
    path = f"/v1/models/{run_id}"
    assert served.server.get(path).json()["rejection"] is None
    write_rejection(RunFiles(served.place.run_folder(run_id)), FITTED)
    assert served.server.get(path).json()["rejection"] == {
        "threshold": 1.7,
        "judged_by": "test",
        "judged": 100,
        "kept": 94,
        "kept_by_confidence": 95,
        "negatives": 40,
        "accepted": 4,
        "accepted_by_confidence": 28,
    }
    runs.forget_run(served.store, run_id)


def test_a_folder_of_photos_gives_the_same_on_the_command_line_and_over_rest(served, tmp_path):
    paths = write_every_kind(tmp_path)
    result = subprocess.run(
        [
            *(sys.executable, "-m", "cnnlab", "classify", served.run_id, *map(str, paths)),
            *("--json", "--workspace", str(served.place.root)),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    printed = json.loads(result.stdout)
    form = [("file", (str(path), path.read_bytes())) for path in paths]
    given = served.server.post(served.predict, files=form).json()["predictions"]
    assert np.allclose(
        [list(answer["probabilities"].values()) for answer in given],
        [list(answer["probabilities"].values()) for answer in printed],
        atol=1e-5,
    )
    assert [answer["path"] for answer in given] == [photo.name for photo in photos_at(paths)]

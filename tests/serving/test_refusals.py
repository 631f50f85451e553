"""What the REST server refuses, and what goes wrong beneath it."""

import shutil
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from cnnlab.runs import runs
from cnnlab.runs.schema import runs as runs_table
from cnnlab.serving.settings import MOST_FILES
from tests.serving.asking import PNG, form_of, half_a_request


def test_files_that_are_all_refused_are_named_in_a_422(served):
    response = served.server.post(
        served.predict, files=[("file", ("a.txt", b"words")), ("file", ("b.txt", b"more"))]
    )
    assert response.status_code == 422
    assert response.json()["error"] == "nothing-readable"
    assert [each["error"] for each in response.json()["predictions"]] == ["not-an-image"] * 2


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "reason"),
    [
        ("GET", "/nothing", {}, 404, "unknown-route"),
        ("GET", "/v1/models/", {}, 404, "unknown-route"),
        ("GET", "/v1/models/no-such", {}, 404, "unknown-model"),
        ("GET", "/v1/models/..%2F..", {}, 404, "unknown-route"),
        ("POST", "/v1/models/no-such/predict", {"data": b"x", "headers": PNG}, 404, None),
        ("DELETE", "/v1/models", {}, 405, "wrong-method"),
        ("GET", "PREDICT", {}, 405, "wrong-method"),
        ("POST", "PREDICT", {"data": b"", "headers": PNG}, 400, "no-pictures"),
        ("POST", "PREDICT", {"data": {"file": "x"}}, 415, "unsupported-type"),
        ("POST", "PREDICT", {"json": {}}, 415, "unsupported-type"),
        ("POST", "PREDICT", {"data": b"x"}, 415, "unsupported-type"),
        (
            "POST",
            "PREDICT",
            {"data": b"x", "headers": PNG | {"Content-Encoding": "gzip"}},
            415,
            "unsupported-encoding",
        ),
        ("POST", "PREDICT", {"files": {"image": b"x"}}, 400, "unknown-field"),
        ("POST", "PREDICT?top=0", {"files": {"file": b"x"}}, 400, "bad-top"),
        ("POST", "PREDICT?top=two", {"files": {"file": b"x"}}, 400, "bad-top"),
        ("POST", "PREDICT?tpo=2", {"files": {"file": b"x"}}, 400, "unknown-parameter"),
        (
            "POST",
            "PREDICT",
            {"data": b"x", "headers": {"Content-Type": "multipart/form-data"}},
            400,
            "malformed-form",
        ),
        (
            "POST",
            "PREDICT",
            {"data": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
            400,
            "malformed-form",
        ),
        (
            "POST",
            "PREDICT",
            {
                "data": b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nhalf a file',
                "headers": {"Content-Type": "multipart/form-data; boundary=b"},
            },
            400,
            "malformed-form",
        ),
        (
            "POST",
            "PREDICT",
            {"files": [("file", ("x", b"x"))] * (MOST_FILES + 1)},
            413,
            "too-many-files",
        ),
        ("POST", "PREDICT", {"data": bytes(2**20 + 1), "headers": PNG}, 413, "too-large"),
    ],
)
def test_refusals_are_json_with_status_and_reason(served, method, path, options, status, reason):
    response = served.server.ask(method, path.replace("PREDICT", served.predict), **options)
    assert response.status_code == status
    assert response.json()["error"] == (reason or "unknown-model")
    assert response.json()["message"].endswith(".")
    assert "Traceback" not in response.text


def test_405_says_what_is_taken(served):
    assert served.server.get(served.predict).headers["Allow"] == "POST"


def test_a_body_that_never_says_how_long_it_is_is_counted_while_it_comes(served):
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield bytes(2**16)

    response = served.server.post(served.predict, data=endless(), headers=PNG)
    assert response.status_code == 413
    assert served.server.get("/health").json()["requests"] == 0


def test_a_caller_that_leaves_frees_its_place(served, photo):
    with half_a_request(served):
        served.server.wait_for(1)
    served.server.wait_for(0)
    assert served.server.post(served.predict, files=form_of([photo])).status_code == 200


def test_what_is_no_http_does_no_harm(served):
    place = urlsplit(served.server.url)
    with socket.create_connection((str(place.hostname), place.port), timeout=60) as connection:
        connection.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    assert served.server.get("/health").status_code == 200


def test_a_run_without_a_finished_network_is_a_conflict(served):
    config = runs.get_run(served.store, served.run_id).config
    waiting = runs.submit_run(served.store, served.dataset_id, config)
    for method, path in (("GET", ""), ("POST", "/predict")):
        response = served.server.ask(method, f"/v1/models/{waiting}{path}", headers=PNG, data=b"x")
        assert (response.status_code, response.json()["error"]) == (409, "no-model")
    runs.forget_run(served.store, waiting)


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_model_that_is_deleted_between_requests_is_gone(served, photo, forgotten):
    run_id = served.another_run()
    path = f"/v1/models/{run_id}"
    assert served.server.post(f"{path}/predict", files=form_of([photo])).status_code == 200
    shutil.rmtree(served.place.run_folder(run_id))
    if forgotten:
        runs.forget_run(served.store, run_id)
    for response in (
        served.server.get(path),
        served.server.post(f"{path}/predict", files=form_of([photo])),
    ):
        assert (response.status_code, response.json()["error"]) == (410, "deleted-model")
    listed = [model["id"] for model in served.server.get("/v1/models").json()["models"]]
    assert run_id not in listed
    if not forgotten:
        runs.forget_run(served.store, run_id)


def test_a_damaged_network_is_named(served, photo):
    run_id = served.another_run()
    (served.place.run_folder(run_id) / "model.tflite").write_bytes(b"no network")
    response = served.server.post(f"/v1/models/{run_id}/predict", files=form_of([photo]))
    assert (response.status_code, response.json()["error"]) == (500, "damaged-model")
    runs.forget_run(served.store, run_id)


def test_what_nobody_foresaw_is_logged_and_not_shown(served):
    run_id = served.another_run()
    with served.store.write() as connection:
        connection.execute(
            update(runs_table).where(runs_table.c.id == run_id).values(results=["nonsense"])
        )
    response = served.server.get(f"/v1/models/{run_id}")
    assert (response.status_code, response.json()["error"]) == (500, "internal-error")
    assert "AttributeError" not in response.text
    assert "AttributeError" in served.server.log.read_text()
    runs.forget_run(served.store, run_id)
    assert served.server.get("/health").status_code == 200

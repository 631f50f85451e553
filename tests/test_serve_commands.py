"""`cnnlab serve`: how it starts, refuses to, and ends."""

import signal
import socket
import subprocess
import sys
from contextlib import closing

import pytest
import requests

from cnnlab.errors import ConfigError
from cnnlab.serving.access import require_token
from tests.pictures import coloured_square
from tests.serving.rest_server import rest_server
from tests.test_cli import call


def test_it_says_where_it_answers_in_one_line(workspace):
    with rest_server(workspace.root) as server:
        assert server.url.startswith("http://127.0.0.1:")
        assert server.get("/v1/models").json() == {"models": []}
        assert server.get("/v1/models/latest").status_code == 404
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=60) == 0
        assert server.process.stdout
        assert server.process.stdout.read() == ""
        assert server.log.read_text() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_answers_under_way_are_given_before_it_ends(trained, tmp_path, told):
    place, _, run_id = trained
    photo = tmp_path / "photo.png"
    coloured_square("red", 3).save(photo)
    with rest_server(place.root) as server:

        def body():
            content = photo.read_bytes()
            yield content[:100]
            server.wait_for(1)
            server.process.send_signal(told)
            yield content[100:]

        response = requests.post(
            f"{server.url}/v1/models/{run_id}/predict",
            data=body(),
            headers={"Content-Type": "image/png"},
            timeout=60,
        )
        assert response.status_code == 200
        assert server.process.wait(timeout=60) == 0
        assert "Traceback" not in server.log.read_text()


def test_a_taken_port_is_named(workspace):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        result = call("serve", "--port", port, workspace=workspace)
    assert result.returncode == 1
    assert result.stderr.startswith("port-taken: ")
    assert str(port) in result.stderr


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        (["--host", "0.0.0.0"], 2, "token-needed"),
        (["--host", "no-such-host.invalid", "--no-token"], 1, "bad-host"),
        (["--run", "no-such-run"], 1, "unknown-run"),
    ],
)
def test_what_cannot_be_served_is_refused_before_it_starts(workspace, words, status, reason):
    result = call("serve", "--port", "0", *words, workspace=workspace)
    assert result.returncode == status
    assert result.stderr.startswith(f"{reason}: ")
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("host", "token", "no_token", "reason"),
    [
        ("::", None, False, "token-needed"),
        ("192.168.1.7", None, False, "token-needed"),
        ("photos.example", None, False, "token-needed"),
        ("127.0.0.1", "two words", False, "bad-token"),
        ("127.0.0.1", "tökén", False, "bad-token"),
        ("127.0.0.1", "word", True, "bad-token"),
    ],
)
def test_other_machines_need_a_token_that_can_be_sent(host, token, no_token, reason):
    with pytest.raises(ConfigError) as caught:
        require_token(host, token, no_token=no_token)
    assert caught.value.reason == reason


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_this_machine_needs_no_token(host):
    require_token(host, None, no_token=False)


def test_other_machines_are_answered_with_a_token(workspace):
    with rest_server(workspace.root, "--host", "0.0.0.0", "--token", "word") as server:
        port = server.url.rpartition(":")[2]
        response = requests.get(
            f"http://127.0.0.1:{port}/v1/models",
            headers={"Authorization": "Bearer word"},
            timeout=60,
        )
        assert response.status_code == 200


def test_its_process_imports_neither_tensorflow_nor_streamlit(trained, tmp_path):
    place, _, run_id = trained
    photo = tmp_path / "photo.png"
    coloured_square("red", 3).save(photo)
    code = """
import sys
from pathlib import Path
from cnnlab.datasets.photos import photos_at
from cnnlab.inference.classify import classify
from cnnlab.runs.store import open_store
from cnnlab.serving import server
from cnnlab.serving.app import make_app
from cnnlab.serving.models import ServedModels
from cnnlab.serving.settings import ServeSettings
from cnnlab.workspace import open_workspace
place = open_workspace(sys.argv[1])
models = ServedModels(place, open_store(place))
make_app(models, ServeSettings())
models.describe_all()
(answer,) = classify(models.network(sys.argv[2]), photos_at([Path(sys.argv[3])]))
assert answer.label
heavy = ["tensorflow", "keras", "streamlit", "sklearn", "scipy", "plotly", "torch"]
print([name for name in heavy if name in sys.modules])
"""
    result = subprocess.run(
        [sys.executable, "-c", code, str(place.root), run_id, str(photo)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"

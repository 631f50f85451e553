"""A real REST server, started as users start it, and what every answer of it must obey."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import requests

PROJECT = Path(__file__).parents[2]
ASK_SECONDS = 60


@dataclass
class RestServer:
    """A server that runs.

    Attributes:
        url: Its address.
        log: What it writes to standard error.
    """

    process: subprocess.Popen
    url: str
    log: Path

    def ask(self, method: str, path: str, **options) -> requests.Response:
        """A response, which is what the server's own description says."""
        response = requests.request(method, self.url + path, timeout=ASK_SECONDS, **options)
        self.check(method, path, response)
        return response

    def get(self, path: str, **options) -> requests.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, **options) -> requests.Response:
        return self.ask("POST", path, **options)

    def check(self, method: str, path: str, response: requests.Response) -> None:
        document = requests.get(f"{self.url}/openapi.json", timeout=ASK_SECONDS).json()
        operation = operation_for(document, method, urlsplit(path).path)
        if operation is None or response.status_code == 405:
            assert response.status_code in (404, 405)
            schema = {"$ref": "#/components/schemas/Problem"}
        else:
            content = operation["responses"][str(response.status_code)]["content"]
            (kind,) = content
            assert response.headers["content-type"].startswith(kind)
            schema = content[kind]["schema"]
            if kind != "application/json":
                return
        jsonschema.Draft202012Validator({**document, **schema}).validate(response.json())
        if response.status_code >= 400:
            assert response.json()["status"] == response.status_code

    def wait_for(self, requests_at_work: int) -> None:
        """Wait until so many predictions are under way."""
        deadline = time.monotonic() + ASK_SECONDS
        while self.get("/health").json()["requests"] != requests_at_work:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def operation_for(document: dict, method: str, path: str) -> dict | None:
    parts = path.split("/")
    for template, item in document["paths"].items():
        wanted = template.split("/")
        if len(wanted) == len(parts) and all(
            one == other or one == "{id}" for one, other in zip(wanted, parts, strict=True)
        ):
            return item.get(method.lower())
    return None


@contextmanager
def rest_server(
    workspace: Path, *words: str, environment: dict[str, str] | None = None
) -> Iterator[RestServer]:
    """`python -m cnnlab serve` on a free port; stopped at the end if it still runs."""
    log = workspace / "rest.log"
    surroundings = {name: value for name, value in os.environ.items() if name != "CNNLAB_TOKEN"}
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "cnnlab", "serve", "--port", "0"),
                *("--workspace", str(workspace), *words),
            ],
            cwd=PROJECT,
            env=surroundings | (environment or {}),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout
    try:
        said = process.stdout.readline()
        assert "http://" in said, log.read_text()
        url = next(word for word in said.split() if word.startswith("http")).rstrip(",")
        yield RestServer(process, url, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        process.stdout.close()

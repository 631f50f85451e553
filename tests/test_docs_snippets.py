"""The snippets of docs/rest.md and docs/python.md run as they stand there."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pictures import coloured_square
from tests.serving.rest_server import RestServer, rest_server

PROJECT = Path(__file__).parents[1]
TOKEN = "open-sesame"
NAMES = ("photo.jpg", "notes.txt")
PICK_FILES = """
const { readFileSync } = require("node:fs");
const input = { files: ["photo.jpg", "notes.txt"].map((n) => new File([readFileSync(n)], n)) };
(async () => {
%s
})();
"""


def snippets(page: str, language: str) -> list[str]:
    text = (PROJECT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def desk(trained_once, tmp_path_factory) -> tuple[Path, str]:
    """A folder with what the snippets name, and the id of the run in its workspace."""
    original, _, run_id = trained_once
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(original.root, folder / "workspace")
    (folder / "holiday").mkdir()
    coloured_square("red", 71).save(folder / "photo.jpg")
    coloured_square("blue", 72).save(folder / "holiday" / "beach.png")
    (folder / "holiday" / "damaged.jpg").write_bytes(b"words")
    (folder / "notes.txt").write_text("words")
    return folder, run_id


@pytest.fixture(scope="module")
def server(desk) -> Iterator[RestServer]:
    with rest_server(desk[0] / "workspace") as running:
        yield running


@pytest.fixture(scope="module")
def guarded(desk) -> Iterator[RestServer]:
    with rest_server(desk[0] / "workspace", environment={"CNNLAB_TOKEN": TOKEN}) as running:
        yield running


def run(words: list[str], folder: Path) -> str:
    result = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("number", range(len(snippets("python", "python"))))
def test_python_snippets(desk, number, monkeypatch):
    folder, run_id = desk
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    code = snippets("python", "python")[number].replace('"RUN"', repr(run_id))
    said = run([sys.executable, "-c", code], folder)
    assert said.strip()
    if number == 0:
        assert "photo.jpg red" in said
        assert "damaged.jpg not-an-image" in said


@pytest.mark.parametrize("number", range(len(snippets("rest", "python"))))
def test_rest_snippets_in_python(desk, server, number):
    said = run([sys.executable, "-c", at(server, snippets("rest", "python")[number])], desk[0])
    assert said.startswith(("red 0.", "beach.png blue"))


@pytest.mark.parametrize("number", range(len(snippets("rest", "sh"))))
def test_rest_snippets_with_curl(desk, server, guarded, number):
    shell = shutil.which("sh")
    if shell is None or shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    code = snippets("rest", "sh")[number]
    said = json.loads(run([shell, "-c", at(guarded if TOKEN in code else server, code)], desk[0]))
    assert "models" in said if TOKEN in code else said["predictions"][0]["label"] == "red"


@pytest.mark.parametrize("number", range(len(snippets("rest", "js"))))
def test_rest_snippets_in_javascript(desk, server, number):
    program = shutil.which("node") or shutil.which("nodejs")
    if program is None or not has_files(program):
        pytest.skip("there is no Node.js here that knows File and fetch")
    code = at(server, PICK_FILES % snippets("rest", "js")[number])
    said = run([program, "-e", code], desk[0])
    assert said.splitlines() == [
        "photo.jpg red",
        "notes.txt notes.txt is not a picture in a format that is read.",
    ]


def has_files(program: str) -> bool:
    return run([program, "-p", "typeof File + typeof fetch"], PROJECT).strip() == "functionfunction"


def at(server: RestServer, code: str) -> str:
    """A snippet that asks this server."""
    assert "http://127.0.0.1:8502" in code
    return code.replace("http://127.0.0.1:8502", server.url)


def test_the_example_of_an_answer_has_the_fields_of_real_ones(desk, server):
    (example,) = (json.loads(text) for text in snippets("rest", "json"))
    form = [("file", ((desk[0] / name).name, (desk[0] / name).read_bytes())) for name in NAMES]
    real = server.post("/v1/models/latest/predict", files=form).json()
    assert real.keys() == example.keys()
    for one, other in zip(real["predictions"], example["predictions"], strict=True):
        assert one.keys() == other.keys()


def test_rest_page_names_every_option_and_address(server):
    text = (PROJECT / "docs" / "rest.md").read_text(encoding="utf-8")
    told = run([sys.executable, "-m", "cnnlab", "serve", "--help"], PROJECT)
    options = set(re.findall(r"--[a-z-]+", told)) - {"--help"}
    assert options
    assert options <= set(re.findall(r"--[a-z-]+", text))
    document = server.get("/openapi.json").json()
    for path, item in document["paths"].items():
        assert path.replace("{id}", "ID") in text
        for operation in item.values():
            for status in operation["responses"]:
                assert status == "200" or re.search(rf"^\|.*\b{status}\b", text, re.MULTILINE)

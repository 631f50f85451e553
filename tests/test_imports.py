"""Who may import whom, and what never gets into the server's process."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pictures import coloured_square

PROJECT = Path(__file__).parents[1]

BASE = {
    "allocator",
    "errors",
    "config",
    "paths",
    "progress",
    "schedules",
    "threads",
    "workspace",
    "tables",
}
DATA = BASE | {"datasets"}
ALLOWED = {
    "allocator": set(),
    "errors": set(),
    "config": {"config", "errors"},
    "paths": {"errors"},
    "schedules": {"config"},
    "progress": set(),
    "threads": set(),
    "workspace": {"errors", "paths"},
    "tables": {"errors", "workspace"},
    "datasets": DATA,
    "networks": BASE | {"networks"},
    "evaluation": DATA | {"evaluation"},
    "runs": DATA | {"runs", "networks"},
    "inference": DATA | {"inference", "evaluation", "networks"},
    "reports": DATA
    | {"reports", "figures", "networks", "runs", "tuning", "evaluation", "inference"},
    "figures": DATA | {"figures", "evaluation", "networks", "tuning"},
    "training": DATA | {"training", "networks", "inference", "evaluation", "runs", "scorer"},
    "scorer": DATA | {"runs", "inference"},
    "ui": DATA
    | {"ui", "figures", "evaluation", "inference", "runs", "networks", "reports", "tuning"},
    "serving": DATA | {"serving", "runs", "inference", "evaluation"},
    "serve_commands": BASE | {"options", "console", "serving"},
    "exporter": DATA | {"runs", "inference", "evaluation", "reports", "training"},
    "worker": DATA | {"runs", "training", "exporter"},
    "tuning": DATA | {"tuning", "runs", "networks", "evaluation"},
    "sweep_commands": BASE | {"options", "console", "run_commands", "runs", "tuning", "reports"},
    "console": BASE | {"runs"},
    "options": BASE | {"runs"},
    "run_commands": BASE | {"options", "console", "runs", "reports"},
    "classify_commands": DATA | {"options", "console", "runs", "inference", "reports"},
    "trial_commands": BASE | {"options", "console", "runs", "networks"},
    "dataset_commands": DATA | {"options", "console", "runs"},
    "data_commands": DATA | {"options", "dataset_commands", "console", "runs"},
    "recipe_commands": BASE | {"options", "console", "networks", "runs"},
    "compare_commands": BASE | {"options", "console", "runs", "evaluation", "reports"},
    "explain_commands": DATA | {"options", "console", "runs", "inference", "figures"},
    "export_commands": BASE | {"options", "console", "runs"},
    "learning_commands": BASE
    | {"options", "console", "run_commands", "runs", "evaluation", "reports"},
    "report_commands": BASE | {"options", "console", "runs", "reports"},
    "cli": DATA
    | {
        "options",
        "dataset_commands",
        "data_commands",
        "recipe_commands",
        "run_commands",
        "classify_commands",
        "trial_commands",
        "compare_commands",
        "explain_commands",
        "export_commands",
        "learning_commands",
        "report_commands",
        "serve_commands",
        "sweep_commands",
        "tuning",
        "console",
        "networks",
        "runs",
        "ui",
        "worker",
        "scorer",
    },
    "__main__": {"cli"},
    "__init__": {"serving"},
}
"""For each package or module of cnnlab, what it may import of cnnlab."""

TENSORFLOW = ("tensorflow", "keras")


def modules() -> list[Path]:
    return sorted(PROJECT.glob("cnnlab/**/*.py"))


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def package_of(file: Path) -> str:
    return file.relative_to(PROJECT / "cnnlab").parts[0].removesuffix(".py")


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(PROJECT)))
def test_imports_go_down_only(file: Path):
    package = package_of(file)
    for name in imported(file):
        parts = name.split(".")
        if parts[0] == "cnnlab" and len(parts) > 1:
            assert parts[1] in ALLOWED[package], f"{package} must not import {name}"
        if parts[0] in TENSORFLOW:
            assert package == "training" or file.name == "builder.py"
        if parts[0] == "streamlit":
            assert package == "ui"


@pytest.mark.parametrize("file", [PROJECT / "app.py", *sorted(PROJECT.glob("pages/**/*.py"))])
def test_page_scripts_import_only_streamlit_and_ui(file: Path):
    for name in imported(file):
        assert name.split(".")[0] == "streamlit" or name.startswith("cnnlab.ui")


def test_no_page_script_lies_directly_in_pages():
    """With one there, Streamlit falls back to its old way of finding pages."""
    assert not list((PROJECT / "pages").glob("*.py"))


def test_opening_every_page_and_classifying_a_photo_imports_no_tensorflow(trained):
    place, _, _ = trained
    photo = place.root.parent / "photo.png"
    coloured_square("red", 99).save(photo)
    code = """
import json, sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app.py", default_timeout=60).run()
opened = []
for page in sys.argv[2:]:
    app.switch_page(page).run()
    assert not app.exception, app.exception
    assert not app.error, app.error
    opened.append(app.title[0].value)
photo = open(sys.argv[1], "rb").read()
app.file_uploader[0].set_value([("photo.png", photo, "image/png")]).run()
assert not app.exception and not app.error
answers = [text.value for text in app.markdown if text.value.startswith("####")]
heavy = ["tensorflow", "keras", "sklearn", "scipy", "optuna", "ray", "torch"]
print(json.dumps([opened, len(answers), [name for name in heavy if name in sys.modules]]))
"""
    pages = [
        "pages/start/home.py",
        "pages/data/samples.py",
        "pages/training/train.py",
        "pages/results/run.py",
        "pages/results/leaderboard.py",
        "pages/results/compare.py",
        "pages/results/classify.py",
    ]
    result = subprocess.run(
        [sys.executable, "-c", code, str(photo), *pages],
        cwd=PROJECT,
        env=os.environ | {"CNNLAB_WORKSPACE": str(place.root)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    opened, answers, heavy = json.loads(result.stdout.strip().splitlines()[-1])
    assert opened == [
        "cnnlab",
        "Samples",
        "Train",
        "Run",
        "Leaderboard",
        "Compare",
        "Classify",
    ]
    assert answers == 1
    assert heavy == []

"""Pages opened by Streamlit's own tester, from app.py as a visitor does."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.runs import jobs
from cnnlab.runs.jobs import Job
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.states import RunState
from cnnlab.runs.store import Store
from cnnlab.runs.trials import RESULT
from cnnlab.workspace import Workspace

PROJECT = Path(__file__).parents[2]
PAGES = {
    "home": "pages/start/home.py",
    "samples": "pages/data/samples.py",
    "train": "pages/training/train.py",
    "tune": "pages/training/tune.py",
    "run": "pages/results/run.py",
    "leaderboard": "pages/results/leaderboard.py",
    "compare": "pages/results/compare.py",
    "classify": "pages/results/classify.py",
    "how": "pages/start/how.py",
}
Open = Callable[..., AppTest]


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Open:
    def open_(place: Workspace, page: str, **address: str) -> AppTest:
        monkeypatch.setenv("CNNLAB_WORKSPACE", str(place.root))
        app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
        for name, value in address.items():
            app.query_params[name] = value
        app.switch_page(PAGES[page])
        for name, value in address.items():
            app.query_params[name] = value
        return app.run()

    return open_


PACE = {
    "precision": "float32",
    "seconds_per_step": {"float32": 0.1},
    "seconds_per_epoch": 12.5,
    "seconds": 250.0,
    "memory_bytes": 900_000_000,
    "steps": 5,
}
"""What a trial of a few steps answers."""


def answer_trial(store: Store, job: Job, answer: Mapping[str, object]) -> None:
    """End a trial as a worker does that has found this out."""
    if job.state is RunState.QUEUED:
        jobs.claim(store, job.id, ProcessIdentity(1, 1.0))
    jobs.report(store, job.id, {"phase": "done", RESULT: answer})
    jobs.finish(store, job.id, RunState.COMPLETED)


def said(app: AppTest) -> str:
    parts = [*app.error, *app.warning, *app.info, *app.markdown, *app.caption, *app.success]
    return "\n".join(str(part.value) for part in parts)

"""The finished runs that are served, and their networks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cnnlab.errors import RunError
from cnnlab.evaluation.rejection import Rejection
from cnnlab.inference.model import LiteModel, ModelFacts, read_facts
from cnnlab.inference.rejection import read_rejection
from cnnlab.inference.shelf import ModelShelf
from cnnlab.runs.runs import Run, get_run, list_runs, require_model
from cnnlab.runs.store import Store
from cnnlab.serving.problems import Problem, deleted
from cnnlab.serving.schemas import REJECTION_FIGURES
from cnnlab.workspace import RunFiles, Workspace

LATEST = "latest"


class ServedModels:
    """Finished runs by their ids. Safe to share between threads.

    Args:
        place: The workspace.
        store: Its store.
        only: Ids of the runs that are served; empty for all.
    """

    def __init__(self, place: Workspace, store: Store, only: Sequence[str] = ()) -> None:
        self._place = place
        self._store = store
        self._only = frozenset(only)
        self._shelf = ModelShelf()
        self._seen: set[str] = set()

    @property
    def loaded(self) -> int:
        """How many networks are in memory."""
        return len(self._shelf)

    def require(self) -> None:
        """See to it that every run that was named can be served.

        Raises:
            RunError: If there is no such run, or it has no finished network.
        """
        for run_id in sorted(self._only):
            require_model(get_run(self._store, run_id))
            read_facts(self._files(run_id))

    def describe_all(self) -> list[dict[str, Any]]:
        """Every served run, newest first; without those whose network cannot be read."""
        found = []
        for run in self._runs():
            try:
                found.append(self._describe(run))
            except (RunError, Problem):
                continue
        return found

    def describe(self, model_id: str) -> dict[str, Any]:
        """One run.

        Raises:
            Problem: If there is no such model (404), or it was deleted meanwhile (410).
            RunError: If it has no finished network, or that cannot be read.
        """
        return self._describe(self._find(model_id))

    def network(self, model_id: str) -> LiteModel:
        """The network of a run, loaded if need be.

        Raises:
            Problem: If there is no such model (404), or it was deleted meanwhile (410).
            RunError: If it has no finished network, that cannot be read, or was just deleted.
        """
        # A run that has ended stays as it is: once seen, its folder says whether it is still there.
        run_id = model_id if model_id in self._seen else self._find(model_id).id
        return self._shelf.get(self._files(run_id))

    def _runs(self) -> list[Run]:
        runs = list_runs(self._store)
        return [run for run in runs if run.has_model and self._serves(run.id)]

    def _serves(self, run_id: str) -> bool:
        return not self._only or run_id in self._only

    def _files(self, run_id: str) -> RunFiles:
        return RunFiles(self._place.run_folder(run_id))

    def _find(self, model_id: str) -> Run:
        if model_id == LATEST:
            run = next(iter(self._runs()), None)
            if run is None:
                raise Problem(404, "unknown-model", "There is no finished run yet. Train one.")
        else:
            run = self._get(model_id)
        require_model(run)
        self._seen.add(run.id)
        return run

    def _get(self, run_id: str) -> Run:
        try:
            if self._serves(run_id):
                return get_run(self._store, run_id)
        except RunError as error:
            if run_id in self._seen:
                raise deleted(run_id) from error
        raise Problem(
            404,
            "unknown-model",
            f"There is no model {run_id!r} here. GET /v1/models names those there are.",
        )

    def _describe(self, run: Run) -> dict[str, Any]:
        files = self._files(run.id)
        facts, count_bytes = _facts(files)
        return {
            "id": run.id,
            "recipe": run.recipe,
            "dataset": {"id": run.dataset_id, "name": run.dataset_name},
            "created_at": datetime.fromtimestamp(run.created_at, UTC).isoformat(timespec="seconds"),
            "classes": list(facts.class_names),
            "input": {
                "size_px": facts.data.size,
                "colour": facts.data.colour.value,
                "resize": facts.data.resize.value,
            },
            "bytes": count_bytes,
            "metrics": dict(run.metrics),
            "rejection": _rejection(files),
            "links": {"self": f"/v1/models/{run.id}", "predict": f"/v1/models/{run.id}/predict"},
        }


def _facts(files: RunFiles) -> tuple[ModelFacts, int]:
    """Facts of a network, and the bytes of its file."""
    try:
        return read_facts(files), files.lite_model.stat().st_size
    except (RunError, FileNotFoundError) as error:
        if not files.folder.exists():
            raise deleted(files.folder.name) from error
        if isinstance(error, RunError):
            raise
        raise RunError(
            "no-model",
            f"The run {files.folder.name!r} has no finished network: {files.lite_model.name} is "
            "missing. Train it again, or put the file back from a copy.",
        ) from error


def _rejection(files: RunFiles) -> dict[str, Any] | None:
    """Figures of a run's rule for pictures of none of its classes, where it has one."""
    found = read_rejection(files)
    if not isinstance(found, Rejection):
        return None
    return {name: getattr(found, name) for name in REJECTION_FIGURES}

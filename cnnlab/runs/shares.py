"""Trainings on parts of the pictures: the same run with a quarter and half of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnnlab.config import RunConfig, change_config
from cnnlab.errors import RunError
from cnnlab.runs.provenance import why_not_repeatable
from cnnlab.runs.runs import Run, list_runs, require_model, submit_run
from cnnlab.runs.states import RunState
from cnnlab.runs.store import Store

SHARES = (0.25, 0.5, 1.0)
WHOLE = 1.0
_MOST_EPOCHS = 10_000
_MOST_PATIENCE = 1_000
_SHARE = "split.train_share"


def config_for_share(config: RunConfig, share: float) -> RunConfig:
    """A configuration for a share of the training pictures.

    It takes as many steps as the whole would: a network that sees half of the pictures sees them
    twice as often, so that only the pictures differ and not how long it has learnt.

    Args:
        config: Of a run on all training pictures.
        share: Of the training pictures, 0-1.
    """
    training = config.training
    changes: dict[str, object] = {
        _SHARE: share,
        "training.epochs": _times(training.epochs, share, _MOST_EPOCHS),
    }
    if training.early_stopping is not None:
        stopping = training.early_stopping
        changes["training.early_stopping.patience"] = _times(
            stopping.patience, share, _MOST_PATIENCE
        )
        changes["training.early_stopping.start_epoch"] = (
            _times(stopping.start_epoch - 1, share, _MOST_EPOCHS - 1) + 1
        )
    if training.fine_tuning is not None:
        changes["training.fine_tuning.epochs"] = _times(
            training.fine_tuning.epochs, share, _MOST_PATIENCE
        )
    return change_config(config, changes)


def share_runs(store: Store, run: Run) -> dict[float, Run]:
    """The newest run of each share that belongs to a run, itself included; those that failed too.

    Those on other pictures than the run's do not count.

    Raises:
        RunError: If the run itself was trained on a part of its pictures ("part-of-pictures").
    """
    _require_whole(run)
    wanted = {share: config_for_share(run.config, share) for share in SHARES if share != WHOLE}
    found = {WHOLE: run}
    for other in list_runs(store, dataset_id=run.dataset_id):  # newest first
        if other.data_fingerprint not in (None, run.data_fingerprint):
            continue
        for share, config in wanted.items():
            if share not in found and other.config == config:
                found[share] = other
    return dict(sorted(found.items()))


def missing_shares(found: Mapping[float, Run]) -> list[float]:
    """Parts that no run was made for, or whose run ended without a network.

    Args:
        found: As `share_runs` gives them.
    """
    return [
        share
        for share in SHARES
        if share != WHOLE and (share not in found or _came_to_nothing(found[share]))
    ]


def train_shares(store: Store, run: Run, shares: Sequence[float] | None = None) -> list[str]:
    """Put the trainings into the queue that are still missing; returns their ids.

    Args:
        store: Of the workspace.
        run: A run on all training pictures, with a finished network.
        shares: Which ones; None takes those that are missing.

    Raises:
        RunError: If the run has no network to compare with ("no-model"), was trained on a part of
            its pictures itself ("part-of-pictures"), or on others than there are now
            ("data-changed").
    """
    _require_whole(run)
    require_model(run)
    chosen = missing_shares(share_runs(store, run)) if shares is None else shares
    refusal = why_not_repeatable(store, run) if chosen else None
    if refusal is not None:
        raise RunError(
            "data-changed",
            f"The trainings on parts of the pictures must use those of run {run.id!r}. {refusal} "
            "Train it anew on all of them first.",
        )
    return [
        submit_run(store, run.dataset_id, config_for_share(run.config, share)) for share in chosen
    ]


def _require_whole(run: Run) -> None:
    if run.config.split.train_share != WHOLE:
        raise RunError(
            "part-of-pictures",
            f"The run {run.id!r} was itself trained on {run.config.split.train_share:.0%} of the "
            "training pictures. Ask the run on all of them.",
        )


def _came_to_nothing(run: Run) -> bool:
    return run.state.final and not run.has_model and run.state is not RunState.COMPLETED


def _times(number: int, share: float, most: int) -> int:
    return min(most, max(number, round(number / share)))

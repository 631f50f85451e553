"""What the curves of a run say, from its records."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlab.evaluation.baselines import BaselineName, stored_baselines
from cnnlab.evaluation.learning import Ending, Reading, read_curves
from cnnlab.runs.runs import EpochRecord, Run
from cnnlab.runs.states import RunState

_EXPLODED = "infinite"  # in the sentence of a run that kept a network before its loss exploded


def readings_of(
    run: Run, epochs: Sequence[EpochRecord], *, class_count: int | None = None
) -> list[Reading]:
    """Read a run's curves; what matters most is first.

    Args:
        run: In any state.
        epochs: Its epoch records.
        class_count: Of the data, for runs that have not noted it.
    """
    names = run.results.get("class_names") or run.config.data.classes
    return read_curves(
        epochs,
        run.config,
        ending=ending_of(run, len(epochs)),
        class_count=len(names) if names else class_count,
        majority_share=_majority_share(run),
        best_epoch=run.results.get("best_epoch"),
    )


def ending_of(run: Run, epochs: int) -> Ending:
    """How a run's training ended.

    Args:
        run: In any state.
        epochs: How many it has finished.
    """
    reason = str(run.results.get("stop_reason") or "")
    match run.state:
        case RunState.COMPLETED:
            early = reason and epochs < run.config.training.total_epochs
            return Ending.EARLY if early else Ending.PLANNED
        case RunState.STOPPED:
            return Ending.EXPLODED if _EXPLODED in reason else Ending.BY_USER
        case RunState.FAILED | RunState.INTERRUPTED:
            return Ending.EXPLODED if run.job.reason == "diverged" else Ending.BROKEN
        case _:
            return Ending.GOING_ON


def _majority_share(run: Run) -> float | None:
    """Validation accuracy of always naming the largest class, if the run has noted it."""
    baselines = stored_baselines(run.results)
    majority = [step for step in baselines if step.name is BaselineName.MAJORITY]
    return majority[0].accuracy.get("validation") if majority else None

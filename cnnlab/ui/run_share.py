"""What can be taken along from a run: report, network, script, table of epochs."""

from __future__ import annotations

from cnnlab.runs.runs import Run
from cnnlab.ui import run_actions, run_export, run_report


def show(run: Run) -> None:
    """Report, exports and files for other programs."""
    run_report.show(run)
    run_export.show(run)
    run_actions.take_along(run)

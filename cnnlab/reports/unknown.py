"""What a run's rule for pictures of none of its classes is worth, as JSON."""

from __future__ import annotations

from typing import Any

from cnnlab.errors import RunError
from cnnlab.evaluation.rejection import Rejection
from cnnlab.inference.rejection import read_rejection
from cnnlab.workspace import RunFiles


def unknown_facts(files: RunFiles) -> dict[str, Any] | None:
    """What was fitted and measured, or {"why": "..."} where there is no rule.

    Args:
        files: Of the run.

    Returns:
        None for a run that was trained before there were such rules, or is not done yet.
    """
    try:
        found = read_rejection(files)
    except RunError as error:
        return {"why": str(error)}
    if isinstance(found, Rejection):
        return found.to_json()
    return None if found is None else {"why": found}

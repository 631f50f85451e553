"""What a run is held against: simple methods, and what was predicted before it began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from cnnlab.config import Precision
from cnnlab.evaluation.baselines import stored_baselines, unbeaten_sentence
from cnnlab.figures.ladder import plot_ladder
from cnnlab.figures.text import duration, escape_markdown
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.ui.charts import show_chart
from cnnlab.ui.network_view import human_bytes

PRECISIONS = {
    Precision.FLOAT32: "float32",
    Precision.BFLOAT16: "bfloat16, mixed",
    Precision.FLOAT16: "float16, mixed",
}


def ladder(run: Run) -> None:
    """Baselines beside the network, with a warning where it does not beat them."""
    baselines = stored_baselines(run.results)
    if not baselines:
        return
    sentence = unbeaten_sentence(baselines, run.metrics)
    if sentence:
        st.warning(escape_markdown(sentence), icon=":material/stairs:")
    show_chart(plot_ladder(baselines, run.metrics, dark=context.is_dark()), key=f"ladder-{run.id}")


def prediction(run: Run) -> None:
    """Time and memory as a trial predicted them, held against what happened."""
    results: Mapping[str, Any] = run.results
    predicted = results.get("prediction")
    rows = []
    if results.get("seconds_per_epoch"):
        rows.append(
            _row(
                "an epoch",
                predicted and predicted["seconds_per_epoch"],
                results["seconds_per_epoch"],
                duration_exact,
            )
        )
    training = run.config.training
    as_planned = results.get("epochs") == training.epochs and training.fine_tuning is None
    if results.get("training_seconds") and as_planned:
        rows.append(
            _row(
                "the training",
                predicted and predicted["seconds"],
                results["training_seconds"],
                duration,
            )
        )
    if results.get("peak_memory_bytes"):
        rows.append(
            _row(
                "memory",
                predicted and predicted["memory_bytes"],
                results["peak_memory_bytes"],
                human_bytes,
            )
        )
    if not rows:
        return
    st.dataframe(rows, hide_index=True)
    precision = results.get("precision")
    if precision:
        st.caption(f"Computed in {PRECISIONS[Precision(precision)]}.{_measured(predicted)}")


def duration_exact(seconds: float) -> str:
    """Seconds with a decimal where that matters."""
    return f"{seconds:.1f} s" if seconds < 60 else duration(seconds)


def _row(what: str, predicted: Any, happened: float, say: Any) -> dict[str, str]:
    return {
        "": what,
        "predicted by a trial": say(predicted) if predicted else "–",
        "measured": say(happened),
    }


def _measured(predicted: Mapping[str, Any] | None) -> str:
    """The precisions that a trial compared."""
    if not predicted or len(predicted["seconds_per_step"]) < 2:
        return ""
    steps = ", ".join(
        f"{PRECISIONS[Precision(name)]} {1000 * seconds:.0f} ms"
        for name, seconds in predicted["seconds_per_step"].items()
    )
    return f" A step took {steps} in the trial."

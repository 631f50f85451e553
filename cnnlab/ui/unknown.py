"""How well a network tells pictures of none of its classes."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from cnnlab.errors import RunError
from cnnlab.evaluation.rejection import Rejection
from cnnlab.evaluation.rejection_words import (
    KINDS,
    kept_sentence,
    method_sentence,
    rejection_sentence,
)
from cnnlab.figures.text import escape_markdown
from cnnlab.inference.rejection import read_rejection
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.workspace import RunFiles

_TABLE_PX = 560


def show_unknown(run: Run) -> None:
    """The rule that was fitted at the end of the training, by kind of strange picture."""
    st.markdown("### None of these classes")
    try:
        found = read_rejection(RunFiles(context.workspace().run_folder(run.id)))
    except RunError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return
    if found is None:
        st.info(
            "This network was trained before there was a rule for pictures of none of its classes: "
            "it gives every picture one of them. Train it again to have it say so.",
            icon=":material/help:",
        )
        return
    if not isinstance(found, Rejection):
        st.info(
            f"It gives every picture one of its classes. {escape_markdown(found)}",
            icon=":material/help:",
        )
        return
    st.markdown(escape_markdown(f"{rejection_sentence(found)} {kept_sentence(found)}"))
    st.dataframe(
        kind_table(found),
        hide_index=True,
        width=_TABLE_PX,
        column_config={
            name: st.column_config.ProgressColumn(
                name, format="%.0f %%", min_value=0, max_value=100
            )
            for name in ("let through", "by confidence alone")
        },
    )
    st.caption(escape_markdown(method_sentence(found)))


def kind_table(found: Rejection) -> pd.DataFrame:
    """A row a kind of strange picture: how many, and the shares in percent that get through."""
    return pd.DataFrame(
        {
            "pictures of": [KINDS.get(kind.name, kind.name) for kind in found.kinds],
            "judged": [kind.pictures for kind in found.kinds],
            "let through": [100 * kind.accepted / kind.pictures for kind in found.kinds],
            "by confidence alone": [
                100 * kind.accepted_by_confidence / kind.pictures for kind in found.kinds
            ],
        }
    )

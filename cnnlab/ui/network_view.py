"""What a network is: its figures, its diagram, and its layers one by one."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from cnnlab.config import RunConfig
from cnnlab.errors import NetworkError
from cnnlab.figures.network import plot_network
from cnnlab.figures.text import escape_markdown
from cnnlab.networks.description import NetworkDescription, describe_until_refused
from cnnlab.ui import context
from cnnlab.ui.charts import show_chart

_TABLE_ROW_PX = 35
_TABLE_MAX_PX = 640
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def described(
    config: RunConfig, class_count: int
) -> tuple[NetworkDescription, NetworkError | None]:
    """A configuration's network, and why it does not fit together; None where it does.

    Where it does not, the description ends in front of the layer that does not fit.
    """
    return describe_until_refused(config.network, config.data.picture_shape, class_count)


def show_network(
    network: NetworkDescription, refusal: NetworkError | None, batch_size: int
) -> None:
    """Figures and diagram.

    Args:
        network: What `described` gave.
        refusal: Likewise.
        batch_size: Pictures that are in memory at once.
    """
    if refusal is not None:
        st.error(escape_markdown(refusal.message), icon=":material/error:")
    else:
        _figures(network, batch_size)
    if network.rows:
        figure = plot_network(network, refused=refusal is not None, dark=context.is_dark())
        show_chart(figure, key="network-diagram")


def show_layers(network: NetworkDescription) -> None:
    """The table of layers."""
    if not network.rows:
        return
    table = pd.DataFrame(
        [
            {
                "layer": row.number,
                "what": row.summary,
                "output": " × ".join(f"{side:,}" for side in row.output_shape),
                "parameters": row.parameters,
                "multiply-adds": human(row.multiply_adds) if row.multiply_adds else "",
                "memory": human_bytes(4 * (row.activation_values or math.prod(row.output_shape))),
            }
            for row in network.rows
        ]
    )
    st.dataframe(
        table,
        hide_index=True,
        height=min(_TABLE_MAX_PX, _TABLE_ROW_PX * (len(table) + 1) + 3),
        column_config={
            "layer": st.column_config.TextColumn(width=50),
            "what": st.column_config.TextColumn(width=262),
            "output": st.column_config.TextColumn(width=128),
            "parameters": st.column_config.NumberColumn(format="localized", width=90),
            "multiply-adds": st.column_config.TextColumn(alignment="right", width=115),
            "memory": st.column_config.TextColumn(
                alignment="right", width=80, help="Of its output, for one picture in float32"
            ),
        },
    )


def human(count: float) -> str:
    """A number in the three digits that matter: "960", "25.1 k", "1.20 G"."""
    for factor, unit in _UNITS:
        if count >= factor:
            value = count / factor
            digits = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
            return f"{value:.{digits}f} {unit}"
    return f"{count:.0f}"


def human_bytes(count: float) -> str:
    """A size such as "960 B" or "25.1 MB"."""
    text = human(count)
    return f"{text}B" if text[-1].isalpha() else f"{text} B"


def _figures(network: NetworkDescription, batch_size: int) -> None:
    memory = network.activation_bytes * batch_size
    with st.container(horizontal=True):
        st.metric("Parameters", f"{network.total_parameters:,}", border=True)
        st.metric("Trainable", f"{network.trainable_parameters:,}", border=True)
        st.metric(
            "Multiply-adds",
            human(network.multiply_adds),
            border=True,
            help="Multiplications of convolutions and dense layers for one picture: how much work "
            "it is",
        )
        st.metric(
            "Memory a batch",
            human_bytes(memory),
            border=True,
            help=f"All layer outputs of {batch_size:,} pictures in float32, which training keeps; "
            "weights and the optimiser's notes come on top",
        )

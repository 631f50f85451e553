"""Convolution, stride and pooling on a few numbers that can be changed."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import streamlit as st

from cnnlab.errors import NetworkError
from cnnlab.figures.number_grid import Window, plot_number_grid
from cnnlab.figures.text import escape_markdown
from cnnlab.networks.windows import GRIDS, KERNELS, Numbers, Pooling, Sliding, convolve, pool
from cnnlab.ui import context, frame
from cnnlab.ui.address import asked, choose, follow, show_in
from cnnlab.ui.addressed import choose_one, switch
from cnnlab.ui.charts import show_chart

PICTURE, KERNEL, STRIDE, AT, THEN = "picture", "kernel", "stride", "at", "then"
OWN = "own"
_MOST = 99.0
_POOLINGS = {
    "max-2": "largest of 2 x 2",
    "average-2": "mean of 2 x 2",
    "max-3": "largest of 3 x 3",
    "none": "no pooling",
}


def show() -> None:
    """Draw the page."""
    st.markdown(
        "A convolution slides a small **kernel** over the picture. At each place it multiplies "
        "what it sees, number by number, and adds up. A network learns the numbers of the kernel. "
        "Change any number, and step through the places."
    )
    numbers, kernel = _inputs()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        with st.container(width=200):
            stride = int(choose_one("Stride", STRIDE, {"1": "1", "2": "2", "3": "3"}))
        with st.container(width=240):
            padding = choose_one(
                "Padding",
                "padding",
                {"valid": "valid: none", "same": "same: zeros around"},
            )
        relu = switch("ReLU", "relu", default=True, hint="Negative sums become zero")
    sliding = convolve(numbers, kernel, stride=stride, same=padding == "same", relu=relu)
    _convolution(numbers, kernel, sliding, relu=relu)
    st.subheader("Pooling")
    _pooling(sliding.output)
    st.subheader("Strides or pooling?")
    _question(sliding, numbers)


def _inputs() -> tuple[Numbers, Numbers]:
    """The picture and the kernel, as the user has changed them."""
    left, right = st.columns(2, gap="large")
    with left:
        numbers = _grid("Picture", PICTURE, GRIDS)
    with right:
        kernel = _grid("Kernel", KERNEL, KERNELS)
    return numbers, kernel


def _grid(label: str, name: str, known: Mapping[str, tuple[tuple[float, ...], ...]]) -> Numbers:
    """Numbers of a named grid, any of which can be changed; the address has what was changed."""
    preset = choose_one(label, name, {each: each for each in known})
    base = np.array(known[preset], dtype=float)
    changed, started = f"{name}-numbers", f"grid-begun-{name}"
    begun = st.session_state.get(started)
    if begun is None or begun[0] != preset:
        wanted = _read(asked(changed), base.shape) if begun is None else None
        begun = st.session_state[started] = (preset, base if wanted is None else wanted)
    table = pd.DataFrame(begun[1], columns=[str(column + 1) for column in range(base.shape[1])])
    edited = st.data_editor(
        table,
        key=f"grid-{name}-{preset}",
        hide_index=True,
        num_rows="fixed",
        column_config={
            column: st.column_config.NumberColumn(
                column, min_value=-_MOST, max_value=_MOST, required=True, width=48
            )
            for column in table.columns
        },
    )
    numbers: Numbers = np.nan_to_num(edited.to_numpy(dtype=float))
    same = np.array_equal(numbers, base)
    follow(changed, None if same else ",".join(f"{value:g}" for value in numbers.flat))
    return numbers


def _read(text: str | None, shape: tuple[int, ...]) -> Numbers | None:
    """Numbers out of the address; None where it says nothing that can be used."""
    try:
        values = [float(word) for word in (text or "").split(",")]
    except ValueError:
        return None
    fits = len(values) == math.prod(shape) and all(abs(value) <= _MOST for value in values)
    return np.array(values).reshape(shape) if fits else None


def _convolution(numbers: Numbers, kernel: Numbers, sliding: Sliding, *, relu: bool) -> None:
    place = _place(sliding)
    row, column = sliding.corner(place)
    rows, columns = sliding.output.shape
    line, cell = divmod(place, columns)
    dark = context.is_dark()
    charts = st.columns([5, 3, 4])
    with charts[0]:
        show_chart(
            plot_number_grid(
                sliding.padded,
                title="Picture",
                subtitle=f"the window at place {place + 1} of {sliding.places}",
                window=Window(row, column, sliding.size),
                pad=sliding.pad,
                inner=(numbers.shape[0], numbers.shape[1]),
                signed=bool((sliding.padded < 0).any()),
                dark=dark,
            ),
            key="convolution-picture",
        )
    with charts[1]:
        show_chart(
            plot_number_grid(kernel, title="Kernel", subtitle="times", signed=True, dark=dark),
            key="convolution-kernel",
        )
    with charts[2]:
        show_chart(
            plot_number_grid(
                sliding.output,
                title="Feature map",
                subtitle=f"{rows} x {columns}",
                window=Window(line, cell, 1),
                signed=bool((sliding.output < 0).any()),
                dark=dark,
            ),
            key="convolution-output",
        )
    st.markdown(escape_markdown(_sum_text(sliding.window(place), kernel, relu=relu)))


def _place(sliding: Sliding) -> int:
    """The place that is looked at, from 0."""
    most = sliding.places
    if most < 2:
        return 0
    wanted = asked(AT) or "1"
    shown = min(int(wanted), most) if wanted.isdigit() and int(wanted) else 1
    key = f"place-of-{most}"
    show_in(key, shown)
    follow(AT, None if shown == 1 else str(shown))
    place: int = st.slider(
        "Place of the window",
        1,
        most,
        key=key,
        on_change=lambda: choose(AT, str(st.session_state[key])),
    )
    return place - 1


def _sum_text(window: Numbers, kernel: Numbers, *, relu: bool) -> str:
    """The sum of products of one place, without those that are zero."""
    products = [
        f"{_word(seen)} · {_word(weight)}"
        for seen, weight in zip(window.flat, kernel.flat, strict=True)
        if seen and weight
    ]
    total = float((window * kernel).sum())
    text = f"{' + '.join(products) or 'all products are 0'} = {_word(total)}"
    if relu and total < 0:
        text += ", and ReLU makes it 0"
    return text


def _pooling(output: Numbers) -> None:
    with st.container(width=260):
        chosen = choose_one("Of each window", THEN, _POOLINGS)
    if chosen == "none":
        st.caption("The feature map stays as it is.")
        return
    kind, size = chosen.split("-")
    try:
        pooled = pool(output, int(size), stride=int(size), kind=Pooling(kind))
    except NetworkError as error:
        st.info(escape_markdown(error.message), icon=":material/info:")
        return
    before, after = st.columns(2)
    rows, columns = pooled.output.shape
    signed, dark = bool((output < 0).any()), context.is_dark()
    with before:
        row, column = pooled.corner(0)
        show_chart(
            plot_number_grid(
                output,
                title="Feature map",
                subtitle="the first window",
                window=Window(row, column, pooled.size),
                signed=signed,
                dark=dark,
            ),
            key="pooling-before",
        )
    with after:
        show_chart(
            plot_number_grid(
                pooled.output,
                title="After pooling",
                subtitle=f"{rows} x {columns}",
                window=Window(0, 0, 1),
                signed=signed,
                dark=dark,
            ),
            key="pooling-after",
        )


def _question(sliding: Sliding, numbers: Numbers) -> None:
    """Both make maps smaller; which is better is a question for pictures."""
    rows, columns = sliding.output.shape
    stride = "a stride of 1" if sliding.stride == 1 else f"a stride of {sliding.stride}"
    st.markdown(
        f"With {stride} the {numbers.shape[0]} x {numbers.shape[1]} numbers became {rows} x "
        f"{columns}: along a side, ⌊(size with padding − kernel) / stride⌋ + 1. A larger stride "
        "skips places and looks at fewer windows; pooling looks at all and keeps the strongest. "
        "Pooling has no numbers to learn, a convolution with a stride has. Which is better for "
        "your pictures can be tried: the ready-made search *strides-or-pooling* trains both with "
        "three seeds."
    )
    st.page_link(frame.TUNE, label="To the ready-made searches", icon=":material/tune:")


def _word(value: float) -> str:
    text = f"{value:.4g}"
    return f"(−{text[1:]})" if text.startswith("-") else text

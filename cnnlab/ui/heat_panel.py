"""A picture as a network sees it, and where it finds what speaks for a class."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab.datasets.images import look
from cnnlab.figures.heat import Pixels, colour_bar, overlay, resized
from cnnlab.figures.text import escape_markdown, percent, shorten
from cnnlab.inference.heat_maps import HeatMap, HeatMethod, heat_map
from cnnlab.inference.model import FloatArray, LiteModel
from cnnlab.inference.occlusion import patch_for
from cnnlab.runs.runs import Run
from cnnlab.ui import context, frame
from cnnlab.ui.inside_pictures import Chosen
from cnnlab.ui.results import file_state
from cnnlab.workspace import RunFiles

PICTURE_PX = 304
OPACITY = 0.55  # at first
_MOST_KEPT = 256  # heat maps in memory, up to 200 kB each
_COVERING = "Covering parts of the picture"
_TITLE_CHARACTERS = 28


class Seen(NamedTuple):
    """A picture as a network has seen it.

    Attributes:
        key: Tells picture and network from all others, as they are now.
        pixels: The prepared picture, shape (size, size, channels).
        probabilities: Shape (n_classes,).
    """

    key: tuple[object, ...]
    pixels: Pixels
    probabilities: FloatArray


def heat_panel(run: Run, chosen: Chosen) -> None:
    """Draw the panel for one picture.

    Raises:
        CnnlabError: If the network or the picture cannot be read.
    """
    model = context.model_of(run.id)
    seen = _seen(run, model, chosen.file)
    names = model.facts.class_names
    predicted = int(np.argmax(seen.probabilities))
    label = names.index(chosen.label) if chosen.label in names else None
    _say(chosen, names, seen.probabilities, predicted, label)
    heat_maps(run, seen, chosen.name, key=f"{run.id}-{chosen.name}", label=label)


def heat_maps(
    run: Run,
    seen: Seen,
    name: str,
    *,
    key: str,
    label: int | None = None,
    opacity_key: str = "heat-opacity",
    show_picture: bool = True,
) -> None:
    """Two heat maps of a picture side by side, in a part of the page of their own.

    Args:
        run: Whose network has seen the picture.
        seen: The picture.
        name: What it is called.
        key: Begins the keys of the elements.
        label: Index of the class that it is said to show.
        opacity_key: Of the slider; panels on different pages may share it.
        show_picture: Whether the picture stands beside them without colours.

    Raises:
        CnnlabError: If the network cannot be read any more.
    """
    frame.fragment(_heat_maps)(
        run,
        seen,
        name,
        key=key,
        label=label,
        opacity_key=opacity_key,
        show_picture=show_picture,
    )


def _say(
    chosen: Chosen,
    names: tuple[str, ...],
    probabilities: FloatArray,
    predicted: int,
    label: int | None,
) -> None:
    """What the network says about the picture, in a sentence."""
    said = f"**{escape_markdown(names[predicted])}** ({percent(float(probabilities[predicted]))})"
    sure = "" if label is None else f" ({percent(float(probabilities[label]))})"
    if label == predicted:
        st.markdown(f":green[:material/check:] Recognised as {said}.")
    elif label is not None:
        named = f"**{escape_markdown(names[label])}**{sure}"
        st.markdown(f":red[:material/close:] Taken for {said}; it is labelled {named}.")
    else:
        st.markdown(f"The network takes it for {said}.")
    where = escape_markdown(chosen.name)
    if chosen.in_dataset and not chosen.held_out:
        where += " · not one of the pictures that this run was judged by"
    if chosen.label is not None and label is None:
        where += f" · labelled {escape_markdown(chosen.label)}, which the network does not know"
    st.caption(where)


def _heat_maps(
    run: Run,
    seen: Seen,
    name: str,
    *,
    key: str,
    label: int | None,
    opacity_key: str,
    show_picture: bool,
) -> None:
    """What the network saw, and two heat maps side by side."""
    model = context.model_of(run.id)
    names, predicted = model.facts.class_names, int(np.argmax(seen.probabilities))
    bar = st.container(horizontal=True, vertical_alignment="bottom")
    with bar:
        other = st.selectbox(
            "Second heat map for",
            range(len(names)),
            index=_other(seen.probabilities, predicted, label),
            format_func=names.__getitem__,
            key=f"heat-class-{key}",
            width=240,
        )
        opacity = st.slider(
            "Opacity",
            *(0, 100, round(100 * OPACITY)),
            format="%d %%",
            key=opacity_key,
            width=240,
        )
    with st.container(horizontal=True, gap="medium"):
        if show_picture:
            whole, _ = resized(seen.pixels, np.zeros(seen.pixels.shape[:2]), PICTURE_PX)
            with st.container(width=PICTURE_PX, gap="xxsmall"):
                _column("What the network saw", size_text(seen.pixels), whole, name)
        for number, role in ((predicted, "taken for"), (other, _role(other, predicted, label))):
            with st.container(width=PICTURE_PX, gap="xxsmall"):
                found = _heat(model, seen, number)  # each is shown as soon as it is there
                title = f"Speaks for {shorten(names[number], _TITLE_CHARACTERS)}"
                note = f"{role} · {percent(float(seen.probabilities[number]))}"
                if found.blank:
                    note += " · nothing speaks for it"
                pixels, values = resized(seen.pixels, found.values, PICTURE_PX)
                shown = overlay(pixels, values, opacity / 100)
                _column(title, note, shown, f"{title}: {name}")
    _explain(found, seen.pixels)


def _column(title: str, note: str, pixels: Pixels, alt: str) -> None:
    st.markdown(f"**{escape_markdown(title)}**")
    st.image(encoded(pixels), width=PICTURE_PX, alt=alt)
    st.caption(escape_markdown(note))


def encoded(pixels: Pixels) -> bytes:
    """As a JPEG in full colour resolution; Streamlit's own PNGs take ten times as long."""
    picture = pixels[..., 0] if pixels.shape[2] == 1 else pixels
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=93, subsampling=0)
    return file.getvalue()


def _explain(heat: HeatMap, pixels: Pixels) -> None:
    """What the colours mean, and how they came about."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("nothing", width="content")
        st.image(colour_bar(), width=160, alt="Colours from dark to bright")
        st.caption("speaks most for the class", width="content")
    rows, columns = heat.places
    if heat.method is HeatMethod.GRADIENT:
        how = (
            "Gradient-weighted class activation (Grad-CAM): how strongly each place of the "
            f"network's last map raises the class. It has {rows} × {columns} places, between which "
            "the colours are smoothed. Each map is scaled for itself: compare places, not maps."
        )
    else:
        side = patch_for(len(pixels)).side_px
        how = (
            f"Occlusion: a grey square of {side} × {side} px was laid on {rows * columns:,} "
            "places; it is bright where covering lowers the class's probability most. The "
            "network's file has no class map: its head does not allow one, or it was trained with "
            "an earlier version."
        )
    st.caption(f"{how} A heat map shows where the network looks, not whether it is right to.")


def _other(probabilities: FloatArray, predicted: int, label: int | None) -> int:
    """The class worth a second map: the label, or the next most probable class."""
    if label is not None and label != predicted:
        return label
    order = np.argsort(-probabilities, kind="stable")
    return int(order[1]) if len(order) > 1 and order[0] == predicted else int(order[0])


def _role(number: int, predicted: int, label: int | None) -> str:
    if number == label:
        return "labelled"
    return "taken for" if number == predicted else "another class"


def size_text(pixels: Pixels) -> str:
    """Size and colour of what a network saw, in words."""
    height, width, channels = pixels.shape
    return f"{width} × {height} px, {'grey' if channels == 1 else 'colour'}"


def _seen(run: Run, model: LiteModel, picture: Path) -> Seen:
    lite = RunFiles(context.workspace().run_folder(run.id)).lite_model
    return _look(picture, file_state(picture), lite, file_state(lite), model)


@st.cache_resource(max_entries=32, show_spinner=False)
def _look(picture: Path, picture_ns: int, lite: Path, lite_ns: int, _model: LiteModel) -> Seen:
    pixels = look(picture, _model.facts.data).pixels
    probabilities = _model.predict(pixels[None]).probabilities[0]
    return Seen((picture, picture_ns, lite, lite_ns), pixels, probabilities)


def _heat(model: LiteModel, seen: Seen, class_index: int) -> HeatMap:
    """A heat map, computed once; where that takes long, with a bar."""
    key = (*seen.key, class_index)
    known = _kept().get(key)
    if known is not None:
        return known
    if model.explains:
        found = heat_map(model, seen.pixels, class_index)
    else:
        bar = st.progress(0.0, _COVERING)

        def note(done: int, total: int) -> None:
            bar.progress(done / total, _COVERING)

        found = heat_map(model, seen.pixels, class_index, note)
        bar.empty()
    _kept().put(key, found)
    return found


class _Kept:
    """Heat maps of all sessions; the oldest go first."""

    def __init__(self) -> None:
        self._maps: dict[tuple[object, ...], HeatMap] = {}
        self._lock = Lock()

    def get(self, key: tuple[object, ...]) -> HeatMap | None:
        return self._maps.get(key)

    def put(self, key: tuple[object, ...], found: HeatMap) -> None:
        with self._lock:
            self._maps[key] = found
            while len(self._maps) > _MOST_KEPT:
                del self._maps[next(iter(self._maps))]


@st.cache_resource(show_spinner=False)
def _kept() -> _Kept:
    return _Kept()

"""A photo made small for people, decoded once."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab.config import DataConfig
from cnnlab.datasets.decode_limits import PHOTO_LIMITS
from cnnlab.datasets.images import Pixels, content_hash, look
from cnnlab.datasets.photos import Photo
from cnnlab.inference.answering import LARGE_THUMBNAIL_PX
from cnnlab.inference.classify import Classification
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.ui.results import file_state
from cnnlab.workspace import RunFiles

COPY_PX = LARGE_THUMBNAIL_PX  # longer side
SHOWN_PX = 320  # on a page, where it is drawn with twice as many pixels on fine screens

Key = tuple[object, ...]


def photo_copy(photo: Photo, answer: Classification, *, side_px: int = COPY_PX) -> bytes:
    """A JPEG of a photo, upright, its longer side so long at most.

    The one that came with the answer, if it is large enough.

    Raises:
        ImageError: If the photo is gone, or cannot be read any more.
    """
    known = answer.thumbnail
    if known is not None and _large_enough(known, answer, side_px):
        return known
    return _copy(photo_key(photo), photo)


def photo_pixels(photo: Photo, answer: Classification) -> Pixels:
    """RGB values of `photo_copy`, shape (height, width, 3).

    Raises:
        ImageError: If the photo is gone, or cannot be read any more.
    """
    with Image.open(BytesIO(photo_copy(photo, answer)), formats=["JPEG"]) as image:
        return np.asarray(image.convert("RGB"))


def photo_key(photo: Photo) -> Key:
    """Tells a photo from all others, as it is now."""
    if isinstance(photo.source, Path):
        return (photo.source, file_state(photo.source))
    return (content_hash(photo.source),)


def answer_key(run: Run, photo: Photo) -> Key:
    """Tells a photo and a network from all others, as they are now."""
    files = RunFiles(context.workspace().run_folder(run.id))
    return (*photo_key(photo), files.lite_model, file_state(files.lite_model))


def _large_enough(copy: bytes, answer: Classification, side_px: int) -> bool:
    """Whether a copy is as large as is asked for, or as the photo itself."""
    with Image.open(BytesIO(copy), formats=["JPEG"]) as image:
        longer = max(image.size)
    return longer >= side_px or longer == max(answer.size_px or (0, 0))


@st.cache_resource(max_entries=32, show_spinner=False)
def _copy(key: Key, _photo: Photo) -> bytes:
    small = look(
        _photo.source, DataConfig(size=8), _photo.name, thumbnail_px=COPY_PX, limits=PHOTO_LIMITS
    ).thumbnail
    return small or b""

"""Trays: photos that somebody handed over to be classified, kept on disk for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cnnlab.datasets.photos import Photo


@dataclass(frozen=True, slots=True, kw_only=True)
class Tray:
    """Some photos under one id.

    Attributes:
        folder: In the workspace; whatever belongs to the tray lies in it, and goes with it.
        name: For people, such as a folder's name.
        made_at: In UTC.
        photos: In the order they were handed over; those of a server path stay where they are.
    """

    id: str
    folder: Path
    name: str
    made_at: datetime
    photos: tuple[Photo, ...]

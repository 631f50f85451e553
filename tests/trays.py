"""Trays of photos as somebody hands them over, without the page."""

from datetime import UTC, datetime
from pathlib import Path

from cnnlab.datasets.photos import Photo
from cnnlab.runs.old_trays import MANIFEST
from cnnlab.runs.trays import Tray
from cnnlab.workspace import Workspace
from tests.pictures import coloured_square


def make_tray(place: Workspace, *, per_class: int = 4, labelled: bool = True, bad: int = 0) -> Tray:
    """Noisy squares of three colours in class folders, and files that are no pictures."""
    folder = place.tray_folder("some-photos")
    photos: list[Photo] = []
    for name in ("blue", "green", "red"):
        (folder / "files" / name).mkdir(parents=True)
        for number in range(per_class):
            file = folder / "files" / name / f"{number}.png"
            coloured_square(name, 500 + number).save(file)
            photos.append(_photo(file, folder, name if labelled else None))
    for number in range(bad):
        file = folder / "files" / f"broken {number}.jpg"
        file.write_bytes(b"no picture")
        photos.append(_photo(file, folder, None))
    return Tray(
        id="some-photos",
        folder=folder,
        name="Some photos",
        made_at=datetime.now(UTC),
        photos=tuple(photos),
    )


def tray_ids(place: Workspace) -> list[str]:
    """The ids of all trays, the one that was looked at last first."""
    manifests = list(place.tray_folder("").glob(f"[!.]*/{MANIFEST}"))
    manifests.sort(key=lambda manifest: manifest.stat().st_mtime, reverse=True)
    return [manifest.parent.name for manifest in manifests]


def _photo(file: Path, folder: Path, label: str | None) -> Photo:
    return Photo(name=str(file.relative_to(folder / "files")), source=file, label=label)

"""Trays: photos that somebody handed over to be classified, kept on disk for a while."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from cnnlab.datasets.photos import Photo, existing_path, files_below, folder_label, readable
from cnnlab.errors import DatasetError
from cnnlab.progress import Progress
from cnnlab.runs.old_trays import MANIFEST, clear_old_trays, delete_tray, touch
from cnnlab.runs.spilled import (
    ZIP_SUFFIX,
    Incoming,
    Names,
    Spilled,
    safe_name,
    spill,
    unpack,
)
from cnnlab.workspace import (
    Workspace,
    appearing_folder,
    explain_os_error,
    write_atomically,
)

LOOSE = "Photos"  # the name of a tray of single files
_ID = re.compile(r"[0-9a-f]{16}")
_ARRIVING = ".arriving"
_LOCK = "photos"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tray:
    """Some photos under one id.

    Attributes:
        folder: In the workspace; whatever belongs to the tray lies in it, and goes with it.
        name: For people, such as a folder's name; `LOOSE` for single files.
        made_at: In UTC.
        photos: In the order they were handed over, those that were added later first; each has a
            name of its own, one that any system takes. Those of a server path stay where they are.
        skipped: How many files were left out: hidden ones, and such as systems leave behind.
    """

    id: str
    folder: Path
    name: str
    made_at: datetime
    photos: tuple[Photo, ...]
    skipped: int = 0


def make_tray(
    workspace: Workspace,
    files: Iterable[Incoming],
    *,
    name: str = "",
    progress: Progress | None = None,
) -> Tray:
    """Write photos into a new tray at once; nothing is decoded. Old trays are cleared.

    Args:
        workspace: Where it is to lie.
        files: What was handed over, zips among them; a file that is given by its place is moved.
        name: For people; else what the files are called.
        progress: Told the bytes of a zip that are unpacked, and in all.

    Raises:
        DatasetError: If there is no photo ("no-photos"), or a zip is refused, as `extract_zip`
            does. Nothing is left then.
        WorkspaceError: If the disk is full or may not be written to.
    """
    listed = list(files)
    name = name or _name_of([each for each, _ in listed])

    def fill(folder: Path) -> Spilled:
        return spill(listed, folder, Names(), progress)

    return _make(workspace, name, fill)


def tray_at(workspace: Workspace, text: str, progress: Progress | None = None) -> Tray:
    """A new tray of photos that lie on this machine; they are read where they are.

    Args:
        workspace: Where the tray is to lie.
        text: Path of a photo, of a folder, or of a zip, which is unpacked into the tray.
        progress: Told the bytes of a zip that are unpacked, and in all.

    Raises:
        DatasetError: If there is nothing ("missing-path"), no photo ("no-photos"), far too many
            ("too-many-photos"), or a zip is refused.
        PathError: If there can be no such path.
        WorkspaceError: If the disk is full or may not be written to.
    """
    path = existing_path(text).absolute()
    if path.suffix.lower() == ZIP_SUFFIX and path.is_file():
        return _make(workspace, readable(path.name), lambda part: _unpacked(path, part, progress))
    return _make(workspace, readable(path.name or str(path)), lambda _: _in_place(path))


def add_photos(workspace: Workspace, tray: Tray, files: Iterable[Incoming]) -> Tray:
    """Put photos on top of a tray, such as a frame of the camera or a pasted picture.

    Raises:
        DatasetError: If the tray is gone ("no-tray").
        WorkspaceError: If the disk is full or may not be written to; the tray is as it was then.
    """
    with workspace.lock(_LOCK):  # two at once would forget each other's
        tray = read_tray(workspace, tray.id)
        names = Names()
        for photo in tray.photos:
            names.give(PurePosixPath(photo.name))
        target = tray.folder / f"added-{secrets.token_hex(4)}"
        try:
            with appearing_folder(target) as part:
                spilled = spill(files, part, names)
        except OSError as error:
            raise explain_os_error(error, tray.folder, "write the photos to") from error
        added = _placed(spilled.photos, target)
        skipped = tray.skipped + spilled.skipped
        tray = replace(tray, photos=(*added, *tray.photos), skipped=skipped)
        write_atomically(tray.folder / MANIFEST, lambda file: file.write(_to_json(tray)))
    return tray


def read_tray(workspace: Workspace, tray_id: str) -> Tray:
    """A tray by its id; it counts as looked at.

    Raises:
        DatasetError: If there is none any more ("no-tray").
    """
    if not _ID.fullmatch(tray_id):
        raise _no_tray()
    folder = workspace.tray_folder(tray_id)
    try:
        tray = _from_json(json.loads((folder / MANIFEST).read_bytes()), folder)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise _no_tray() from error
    touch(folder)
    return tray


def remove_tray(workspace: Workspace, tray_id: str) -> None:
    """Delete a tray and what belongs to it; photos of a server path stay where they are."""
    if _ID.fullmatch(tray_id):
        delete_tray(workspace.tray_folder(tray_id))


def arriving_folder(workspace: Workspace) -> Path:
    """Where a browser's files are written before they become part of a tray.

    Raises:
        WorkspaceError: If it cannot be made.
    """
    folder = workspace.tray_folder(_ARRIVING)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain_os_error(error, folder, "make the folder") from error
    return folder


def _make(workspace: Workspace, name: str, fill: Callable[[Path], Spilled]) -> Tray:
    tray_id = secrets.token_hex(8)
    folder = workspace.tray_folder(tray_id)
    try:
        with appearing_folder(folder) as part:
            spilled = fill(part)
            if not spilled.photos:
                raise DatasetError(
                    "no-photos",
                    f"There is no photo in what was handed over. Received: {name!r}, "
                    f"with {spilled.skipped:,} hidden or system files and nothing else.",
                )
            tray = Tray(
                id=tray_id,
                folder=folder,
                name=name,
                made_at=datetime.now(UTC),
                photos=_placed(spilled.photos, folder),
                skipped=spilled.skipped,
            )
            write_atomically(part / MANIFEST, lambda file: file.write(_to_json(tray)))
    except OSError as error:
        raise explain_os_error(error, folder, "write the photos to") from error
    clear_old_trays(workspace, keep=tray_id)
    return tray


def _unpacked(archive: Path, folder: Path, progress: Progress | None) -> Spilled:
    spilled = Spilled()
    unpack(archive, folder, Names(), spilled, progress)
    return spilled


def _in_place(path: Path) -> Spilled:
    """Photos that lie on this machine, under names that any system takes."""
    if not path.is_dir():
        photo = Photo(name=str(safe_name(path.name, "photo-1")), source=path)
        return Spilled(photos=[photo])
    found, names = files_below(path), Names()
    photos = [
        Photo(
            name=str(names.give(safe_name(str(relative), f"photo-{number}"))),
            source=path / relative,
            label=folder_label(relative),
        )
        for number, relative in enumerate(found.paths, start=1)
    ]
    return Spilled(photos=photos, skipped=found.skipped)


def _placed(photos: Sequence[Photo], folder: Path) -> tuple[Photo, ...]:
    """Photos with sources below a folder, but for those that lie elsewhere."""
    return tuple(
        replace(photo, source=folder / photo.source) if isinstance(photo.source, Path) else photo
        for photo in photos
    )


def _name_of(names: Sequence[str]) -> str:
    """What a few files are called together: by their common folder, or by the only one."""
    tops = {name.split("/", 1)[0] for name in names}
    if len(tops) == 1:
        return str(safe_name(tops.pop(), "photo"))
    return LOOSE


def _to_json(tray: Tray) -> bytes:
    facts = {
        "name": tray.name,
        "made_at": tray.made_at.isoformat(),
        "skipped": tray.skipped,
        "photos": [
            [photo.name, _stored(photo.source, tray.folder), photo.label] for photo in tray.photos
        ],
    }
    return json.dumps(facts).encode("ascii")  # names that are not Unicode, too, as escapes


def _stored(source: Path | bytes, folder: Path) -> str:
    if isinstance(source, bytes):
        raise ValueError("photos of a tray must be files")
    return source.relative_to(folder).as_posix() if source.is_relative_to(folder) else str(source)


def _from_json(facts: dict[str, Any], folder: Path) -> Tray:
    photos = [
        Photo(name=name, source=folder / source, label=label)
        for name, source, label in facts["photos"]
    ]
    return Tray(
        id=folder.name,
        folder=folder,
        name=facts["name"],
        made_at=datetime.fromisoformat(facts["made_at"]),
        photos=tuple(photos),
        skipped=facts["skipped"],
    )


def _no_tray() -> DatasetError:
    return DatasetError(
        "no-tray",
        "These photos are no longer here: they are kept for a week after they were last looked "
        "at. Hand them over again.",
    )

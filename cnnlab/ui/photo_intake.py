"""Photos in: files, folders, zips, the camera, the clipboard, a path; all end in a tray."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import streamlit as st

from cnnlab.errors import CnnlabError, DatasetError
from cnnlab.figures.text import escape_markdown
from cnnlab.runs.spilled import ZIP_SUFFIX, Incoming
from cnnlab.runs.trays import LOOSE, Tray, add_photos, make_tray, read_tray, remove_tray, tray_at
from cnnlab.ui import context
from cnnlab.ui.address import asked, choose
from cnnlab.ui.paste import pasted_pictures
from cnnlab.ui.tray_table import CHOSEN
from cnnlab.ui.uploaders import content_of, new_round, uploader_key

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

PHOTOS = "photos"  # in the address: the tray's id
FORMATS = "JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP, GIF and others"
_LARGEST_MB = 500  # a zip; a photo of more than 64 MiB is refused when it is read
_CAMERA_PX = 480
_PUT_AWAY = "photos-put-away"

_WAYS = (
    ":material/upload: Photos",
    ":material/folder_open: Folder",
    ":material/photo_camera: Camera",
    ":material/dns: Path",
)


def photo_intake() -> Tray | None:
    """Every way to hand over photos, and those that the address names or that came just now."""
    tray = _open_tray()
    files, folder, camera, path = st.tabs(_WAYS)
    with files:
        tray = _dropped("photos", multiple=True) or tray
        tray = _pasted(tray) or tray
    with folder:
        tray = _dropped("photo-folder", multiple="directory") or tray
    with camera:
        tray = _taken(tray) or tray
    with path:
        tray = _named() or tray
    if tray is None:
        _put_away()
    else:
        _header(tray)
    return tray


def _open_tray() -> Tray | None:
    tray_id = asked(PHOTOS)
    if tray_id is None:
        return None
    try:
        return read_tray(context.workspace(), tray_id)
    except DatasetError as error:
        choose(PHOTOS, None)
        st.warning(escape_markdown(str(error)), icon=":material/hourglass_disabled:")
        return None


def _dropped(kind: str, *, multiple: Literal[True, "directory"]) -> Tray | None:
    """A tray of what was just chosen or dropped; the uploader is empty again at once."""
    place = st.empty()

    def uploader() -> list[UploadedFile]:
        sent: list[UploadedFile] = place.file_uploader(
            "A folder" if multiple == "directory" else "Photos, or a zip of them",
            accept_multiple_files=multiple,
            max_upload_size=_LARGEST_MB,
            help=f"{FORMATS}. A folder of class folders is scored as well.",
            key=uploader_key(kind),
        )
        return sent

    sent = uploader()
    if not sent:
        return None
    try:
        return _guarded(lambda: _tray_of(sent))
    finally:
        new_round(kind, sent)
        uploader()


def _tray_of(sent: Sequence[UploadedFile]) -> Tray:
    files: list[Incoming] = [(file.name, content_of(file)) for file in sent]
    if not any(name.lower().endswith(ZIP_SUFFIX) for name, _ in files):
        return make_tray(context.workspace(), files)
    return _with_bar(lambda bar: make_tray(context.workspace(), files, progress=bar))


def _pasted(tray: Tray | None) -> Tray | None:
    pictures: list[Incoming] = [*pasted_pictures(key="pasted")]
    return _guarded(lambda: _on_top(tray, pictures, "Pasted")) if pictures else None


def _taken(tray: Tray | None) -> Tray | None:
    """A tray with a frame of the camera on top."""
    if not st.toggle("Use the camera", key="use-camera"):
        return None
    kind, place = "camera", st.empty()

    def camera() -> UploadedFile | None:
        return place.camera_input("Take a photo", key=uploader_key(kind), width=_CAMERA_PX)

    frame = camera()
    if frame is None:
        return None
    try:
        return _guarded(lambda: _on_top(tray, [("camera.jpg", content_of(frame))], "Camera"))
    finally:
        new_round(kind, [frame])
        camera()


def _named() -> Tray | None:
    """A tray of what lies on the server, once a path is given."""
    with st.form("photo-path", border=False):
        text = st.text_input(
            "Path of a photo, a folder or a zip on the server",
            placeholder="/home/me/photos",
            help="On the computer that this dashboard runs on. Photos are read in place and never "
            "changed; a zip is unpacked into the workspace.",
        ).strip()
        if not st.form_submit_button("Classify", icon=":material/image_search:") or not text:
            return None
    return _guarded(lambda: _with_bar(lambda bar: tray_at(context.workspace(), text, bar)))


def _on_top(tray: Tray | None, files: Sequence[Incoming], name: str) -> Tray:
    """A tray with more photos on top, or a new one."""
    if tray is None:
        return make_tray(context.workspace(), files, name=name)
    return add_photos(context.workspace(), tray, files)


def _with_bar(action: Callable[[Callable[[int, int], None]], Tray]) -> Tray:
    """Something that may unpack an archive, with a bar that shows how far it is."""
    place = st.empty()
    try:
        return action(lambda done, total: _draw(place.progress, done, total))
    finally:
        place.empty()


def _draw(progress: Callable[[float, str], object], done: int, total: int) -> None:
    progress(done / max(total, 1), f"Unpacking {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")


def _guarded(action: Callable[[], Tray]) -> Tray | None:
    """Make or change a tray and open it; a failure is said beside what caused it."""
    try:
        tray = action()
    except CnnlabError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return None
    st.session_state.pop(_PUT_AWAY, None)
    if tray.id != asked(PHOTOS):
        _open(tray.id)
    return tray


def _header(tray: Tray) -> None:
    """What is open, and the way to begin anew."""
    name = "Your photos" if tray.name == LOOSE else tray.name
    left_out = f" · {tray.skipped:,} hidden or system files left out" if tray.skipped else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{escape_markdown(name)}**{left_out}", width="content")
        st.button(
            "Clear",
            icon=":material/close:",
            type="tertiary",
            key="clear-photos",
            on_click=_clear,
            args=(tray.id,),
            help="Begin anew. Photos that nobody looks at are deleted after a week.",
        )


def _open(tray_id: str | None) -> None:
    """Other photos, or none, without what was chosen among those before."""
    choose(PHOTOS, tray_id)
    for name in CHOSEN:
        choose(name, None)


def _clear(tray_id: str) -> None:
    _open(None)
    st.session_state[_PUT_AWAY] = tray_id


def _put_away() -> None:
    """What can still be done with the photos that were just cleared."""
    tray_id = st.session_state.get(_PUT_AWAY)
    if tray_id is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("The photos were put away.", width="content")
        st.button("Bring them back", icon=":material/undo:", on_click=_bring_back, args=(tray_id,))
        st.button("Delete them now", icon=":material/delete:", on_click=_delete, args=(tray_id,))


def _bring_back(tray_id: str) -> None:
    st.session_state.pop(_PUT_AWAY, None)
    choose(PHOTOS, tray_id)


def _delete(tray_id: str) -> None:
    st.session_state.pop(_PUT_AWAY, None)
    remove_tray(context.workspace(), tray_id)

"""Adding data sets: folders, archives, uploads, sets made in the browser, built-ins, downloads."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from cnnlab.datasets.builtin import BUILTIN
from cnnlab.datasets.catalogue import CATALOGUE
from cnnlab.datasets.uploads import save_uploads
from cnnlab.errors import CnnlabError
from cnnlab.figures.text import escape_markdown
from cnnlab.runs import jobs
from cnnlab.runs.datasets import (
    Dataset,
    add_dataset,
    add_imported,
    remove_dataset,
)
from cnnlab.runs.made_sets import class_folders_of, has_pictures, make_set, put_pictures
from cnnlab.runs.sources import BUILTIN_PREFIX, CATALOGUE_PREFIX, Source
from cnnlab.runs.states import JobKind
from cnnlab.ui import context, frame
from cnnlab.ui.address import go
from cnnlab.ui.choices import DATA, remember
from cnnlab.ui.jobs import follow_job
from cnnlab.ui.uploaders import new_round, uploader_key
from cnnlab.workspace import explain_os_error

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

ARCHIVE_MB = 512  # as server.maxUploadSize, which the server holds to
FILE_MB = 200
_COPY_BYTES = 1_048_576


def add_dataset_form() -> None:
    """Every way to bring pictures: a tab each, and the sets that need nothing."""
    folder, upload, made, catalogue = st.tabs(
        [
            ":material/folder: Folder",
            ":material/upload: Upload",
            ":material/add_a_photo: Make a set",
            ":material/cloud_download: Download",
        ]
    )
    with folder:
        _folder_form()
    with upload:
        _upload_form()
    with made:
        _make_form()
    with catalogue:
        _catalogue_list()
    _builtin_buttons()


def scan_progress(dataset: Dataset) -> bool:
    """Show a scan that is under way; True while there is one."""
    job = jobs.latest_job(context.store(), JobKind.SCAN, dataset.id)
    return follow_job(job, "Looking at the pictures")


def ensure_scanned(dataset: Dataset) -> None:
    """Ask for a scan of a data set that never had one, unless its pictures are still to come."""
    store = context.store()
    if dataset.source is Source.UPLOAD and not has_pictures(dataset):
        return
    if dataset.scanned_at is None and jobs.latest_job(store, JobKind.SCAN, dataset.id) is None:
        jobs.submit_job(store, JobKind.SCAN, dataset.id)


def add_pictures_form(dataset: Dataset) -> None:
    """More pictures for a set that was made in the browser: files or camera frames."""
    names = sorted((dataset.summary or {}).get("classes", {}))
    _pictures_form(dataset, names)


def _folder_form() -> None:
    with st.form("add-dataset", border=False):
        folder = st.text_input(
            "A folder with one sub-folder per class, or with train, validation and test folders; "
            "or a zip of one",
            placeholder="/home/me/pictures",
            help="On the computer that this dashboard runs on. A folder is read in place and "
            "never changed; a zip is unpacked into the workspace.",
        )
        if st.form_submit_button("Add folder", icon=":material/create_new_folder:"):
            _add(folder.strip() or " ")


def _upload_form() -> None:
    st.caption(
        f"A zip of class folders, up to {ARCHIVE_MB} MB, or a folder of class folders. "
        "For more, put it on the server and give its path."
    )
    archive_column, folder_column = st.columns(2)
    with archive_column:
        archive = st.file_uploader(
            "A zip", type=["zip"], max_upload_size=ARCHIVE_MB, key=uploader_key("zip")
        )
        if archive is not None:
            _guarded(lambda: _import_archive(archive))
    with folder_column:
        files = st.file_uploader(
            "A folder",
            accept_multiple_files="directory",
            max_upload_size=FILE_MB,
            key=uploader_key("folder"),
        )
        if files:
            name = st.text_input("Name of the set", value=_top_folder(files[0].name))
            if st.button(f"Import {len(files):,} files", type="primary"):
                _guarded(lambda: _import_folder(name, files))


def _make_form() -> None:
    st.caption("Name the classes, then drop pictures or take them with the camera, class by class.")
    with st.form("make-set", border=False):
        name = st.text_input("Name of the set", placeholder="cups and glasses")
        classes = st.text_input("Classes, separated by commas", placeholder="cup, glass")
        if st.form_submit_button("Make it", icon=":material/add:"):
            _guarded(lambda: _make_set(name, classes))


def _builtin_buttons() -> None:
    st.caption("No pictures at hand? These need no download:")
    with st.container(horizontal=True):
        for name, builtin in BUILTIN.items():
            if st.button(name, key=f"builtin-{name}", help=builtin.summary):
                _add(BUILTIN_PREFIX + name)


def _catalogue_list() -> None:
    for entry in CATALOGUE.values():
        with st.container(border=True):
            size = f" · {entry.download_bytes / 1e6:,.0f} MB" if entry.download_bytes else ""
            st.markdown(f"**{entry.title}** · {entry.image_count:,} pictures{size}")
            st.caption(entry.summary)
            if entry.url is None:
                st.markdown(
                    "\n".join(f"{n}. {step}" for n, step in enumerate(entry.instructions, start=1))
                )
            elif st.button("Download", key=f"download-{entry.name}", icon=":material/download:"):
                _add(CATALOGUE_PREFIX + entry.name)


def _import_archive(archive: UploadedFile) -> None:
    """Spill the upload to disk at once; a worker unpacks it."""
    store, workspace = context.store(), context.workspace()
    dataset = add_imported(
        store, workspace, Path(archive.name).stem or "pictures", Source.ARCHIVE, archive.name
    )
    target = workspace.incoming_file(dataset.id)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            archive.seek(0)
            shutil.copyfileobj(archive, file, _COPY_BYTES)
    except OSError as error:
        target.unlink(missing_ok=True)
        remove_dataset(store, dataset.id)
        raise explain_os_error(error, target, "write") from error
    new_round("zip", [archive])
    _show(dataset)


def _import_folder(name: str, files: list[UploadedFile]) -> None:
    store = context.store()
    dataset = add_imported(store, context.workspace(), name, Source.UPLOAD, files[0].name)
    bar = st.progress(0.0, "Writing the pictures")
    try:
        save_uploads(
            ((file.name, file) for file in files),
            dataset.location,
            lambda done, total: bar.progress(done / max(total, 1), "Writing the pictures"),
        )
    except BaseException:  # also where the visitor leaves: Streamlit ends a script by an exception
        remove_dataset(store, dataset.id)
        raise
    finally:
        bar.empty()
    new_round("folder", files)
    _show(dataset)


def _make_set(name: str, classes: str) -> None:
    dataset = make_set(context.store(), context.workspace(), name, classes.split(","))
    remember(DATA, dataset.id)
    go(frame.SAMPLES, **{DATA: dataset.id})


def _pictures_form(dataset: Dataset, names: list[str]) -> None:
    names = sorted({*names, *class_folders_of(dataset)})
    class_name = st.selectbox(
        "Class that the pictures belong to",
        names,
        accept_new_options=True,
        key=f"add-class-{dataset.id}",
    )
    files_column, camera_column = st.columns(2)
    kind = f"more-{dataset.id}"
    with files_column:
        files = st.file_uploader(
            "Pictures", accept_multiple_files=True, max_upload_size=FILE_MB, key=uploader_key(kind)
        )
        if files and class_name and st.button(f"Add {len(files):,} to {class_name}"):
            _guarded(lambda: _add_pictures(dataset, class_name, files, kind))
    with camera_column:
        if st.toggle("Use the camera", key=f"camera-{dataset.id}"):
            frame_taken = st.camera_input("A frame", key=uploader_key(f"camera-{dataset.id}"))
            if frame_taken is not None and class_name:
                _guarded(
                    lambda: _add_pictures(
                        dataset, class_name, [frame_taken], f"camera-{dataset.id}"
                    )
                )


def _add_pictures(dataset: Dataset, class_name: str, files: list[UploadedFile], kind: str) -> None:
    put_pictures(context.workspace(), dataset, class_name, ((file.name, file) for file in files))
    jobs.submit_job(context.store(), JobKind.SCAN, dataset.id)
    new_round(kind, files)
    st.rerun()


def _add(path: str) -> None:
    _guarded(lambda: _show(add_dataset(context.store(), context.workspace(), path)))


def _show(dataset: Dataset) -> None:
    """Look at a new data set, on its own page."""
    jobs.submit_job(context.store(), JobKind.SCAN, dataset.id)
    remember(DATA, dataset.id)
    go(frame.SAMPLES, **{DATA: dataset.id})


def _guarded(action: Callable[[], None]) -> None:
    """Carry out something whose failure belongs beside its form, not in place of the page."""
    try:
        action()
    except CnnlabError as error:
        st.error(escape_markdown(str(error)), icon=":material/error:")


def _top_folder(name: str) -> str:
    return name.split("/", 1)[0] if "/" in name else "pictures"

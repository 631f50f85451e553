"""Uploaders that begin anew once their files have been taken over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cnnlab.ui import arriving
from cnnlab.ui.arriving import UploadOnDisk

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

arriving.keep_on_disk()


def uploader_key(kind: str) -> str:
    """Key of an uploader; a new one lets the server forget what was sent."""
    return f"upload-{kind}-{st.session_state.get(f'upload-round-{kind}', 0)}"


def new_round(kind: str, files: Sequence[UploadedFile]) -> None:
    """Begin with an empty uploader, and let the server go of what was taken over."""
    name = f"upload-round-{kind}"
    st.session_state[name] = st.session_state.get(name, 0) + 1
    running = get_script_run_ctx()
    if running is None or not isinstance(running.uploaded_file_mgr, MemoryUploadedFileManager):
        return
    for file in files:  # else they would stay until the browser's tab is closed
        running.uploaded_file_mgr.remove_file(running.session_id, file.file_id)


def content_of(file: UploadedFile) -> BinaryIO | Path:
    """An uploaded file's place, from where it may be moved, or the file itself to be read."""
    if isinstance(file, UploadOnDisk) and file.on_disk is not None:
        return file.on_disk.path
    return file

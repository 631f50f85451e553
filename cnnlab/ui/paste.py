"""Pictures that are pasted onto a page."""

from __future__ import annotations

import base64
import binascii
import io
from typing import Any, BinaryIO

import streamlit as st

from cnnlab.ui import context

MOST_MEGABYTES = 25
_MOST_LETTERS = MOST_MEGABYTES * 1_000_000 * 4 // 3 + 4

_HINT = "Or paste a picture anywhere on this page (Ctrl+V)."
_HTML = "<p></p>"
_CSS = """
p { margin: 0; font: inherit; font-size: 0.875rem; opacity: 0.7; }
p.busy { opacity: 1; }
p.refused { opacity: 1; font-weight: 600; }
"""
# A picture of the clipboard has no name of its own; browsers call it image.png. What is pasted into
# a field is left to it, unless it is a file.
_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const said = parentElement.querySelector("p");
  const say = (text, kind) => { said.textContent = text; said.className = kind; };
  say(data.hint, "");
  const encoded = (file) => new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({
      name: file.name === "image.png" ? "pasted.png" : file.name || "pasted",
      content: reader.result.slice(reader.result.indexOf(",") + 1),
    });
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  const take = async (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    if (bytes > data.most_bytes) { say(data.too_large, "refused"); return; }
    say(data.sending, "busy");
    try {
      setTriggerValue("pictures", await Promise.all(files.map(encoded)));
    } catch (error) {
      say(data.unreadable, "refused");
    }
  };
  document.addEventListener("paste", take);
  return () => document.removeEventListener("paste", take);
}
"""

_mount = st.components.v2.component("cnnlab-paste", html=_HTML, css=_CSS, js=_JS)


def pasted_pictures(*, key: str) -> list[tuple[str, BinaryIO]]:
    """Pictures that were pasted anywhere on the page just now, each with a name.

    Args:
        key: Of the listener; one a page.
    """
    result = _mount(
        key=key,
        data={
            "hint": "" if context.on_phone() else _HINT,
            "sending": "Sending what was pasted …",
            "too_large": f"That is more than {MOST_MEGABYTES} MB. Choose the file above instead.",
            "unreadable": "That could not be read. Choose the file above instead.",
            "most_bytes": MOST_MEGABYTES * 1_000_000,
        },
        on_pictures_change=_noted,
    )
    return read_pasted(result.get("pictures"))


def read_pasted(sent: Any) -> list[tuple[str, BinaryIO]]:
    """What a browser has sent, as files; whatever is not as it should be is left out."""
    files: list[tuple[str, BinaryIO]] = []
    letters = 0
    for each in sent if isinstance(sent, list) else []:
        if not isinstance(each, dict):
            continue
        name, content = each.get("name"), each.get("content")
        if not isinstance(name, str) or not isinstance(content, str):
            continue
        letters += len(content)
        if letters > _MOST_LETTERS:
            break
        try:
            files.append((name or "pasted", io.BytesIO(base64.b64decode(content, validate=True))))
        except (binascii.Error, ValueError):
            continue
    return files


def _noted() -> None:
    """Nothing more to do: the page is drawn anew, and finds the pictures."""

"""Requests of a browser that come too late: for a part of a page that is no longer shown.

A part of a page that renews itself asks for that by a timer in the browser. The timer may fire
just as another page begins. Streamlit 1.67 then goes back to the page before, if the new one has
not begun yet; or it keeps the request until the new one is drawn and answers it in the name of the
old one, whereupon the browser takes the new page's elements for another page's and shows nothing.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests, ScriptRequestType

if TYPE_CHECKING:
    from streamlit.runtime.scriptrunner import RerunData


def leave_unanswered() -> None:
    """Make the server leave such requests aside, in every session; calling it again is harmless."""
    run_script, note_request = ScriptRunner._run_script, ScriptRequests.request_rerun
    if hasattr(run_script, "__wrapped__"):
        return

    @wraps(run_script)
    def answer(runner: ScriptRunner, request: RerunData) -> None:
        if not _is_of_another_page(runner, request):
            run_script(runner, request)

    @wraps(note_request)
    def note(requests: ScriptRequests, request: RerunData) -> bool:
        return _another_page_waits(requests, request) or note_request(requests, request)

    ScriptRunner._run_script = answer  # type: ignore[assignment, method-assign]
    ScriptRequests.request_rerun = note  # type: ignore[assignment, method-assign]


def _is_of_another_page(runner: ScriptRunner, request: RerunData) -> bool:
    """Whether a request is for parts that are gone, or not of the page that was just drawn."""
    parts = request.fragment_id_queue
    if not parts:  # a whole page
        return False
    drawn = runner._get_script_run_ctx().page_script_hash
    return (bool(drawn) and drawn != request.page_script_hash) or not any(
        runner._fragment_storage.contains(part) for part in parts
    )


def _another_page_waits(requests: ScriptRequests, request: RerunData) -> bool:
    """Whether a request is for a part of a page, while another page is about to be drawn."""
    with requests._lock:
        waiting = requests._rerun_data
        return (
            requests._state is ScriptRequestType.RERUN
            and not waiting.fragment_id_queue
            and bool(request.fragment_id)
            and bool(waiting.page_script_hash)
            and waiting.page_script_hash != request.page_script_hash
        )

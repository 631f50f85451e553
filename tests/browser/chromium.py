"""Find a headless Chromium for the browser tests, or bring one.

From the command line: `python -m tests.browser.chromium`.
"""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
PLACES = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
]
START_SECONDS = 60
INSTALL_SECONDS = 600


@functools.cache
def find_chromium() -> Path | None:
    """Return a Chromium that was seen to draw a page here, or None; nothing is installed.

    The one that CNNLAB_CHROMIUM names is the only one asked if that is set.
    """
    return next((path for path in _candidates() if _draws_a_page(path)), None)


def bring_chromium() -> Path | None:
    """Find a Chromium; if there is none, install Debian's, else Playwright's own."""
    found = find_chromium()
    if found is None and not os.environ.get("CNNLAB_CHROMIUM"):
        for install in (_install_from_debian, _install_from_playwright):
            install()
            find_chromium.cache_clear()
            found = find_chromium()
            if found is not None:
                break
    return found


def main() -> int:
    """Say which Chromium the browser tests will use.

    Returns:
        1 if there is none and CNNLAB_REQUIRE_BROWSER is 1, else 0.
    """
    found = bring_chromium()
    if found is not None:
        print(f"Browser tests use {found}")
        return 0
    named = os.environ.get("CNNLAB_CHROMIUM")
    tried = f"CNNLAB_CHROMIUM={named}" if named else "PATH, apt-get and Playwright's download"
    required = os.environ.get("CNNLAB_REQUIRE_BROWSER") == "1"
    end = "they are required here." if required else "they will be skipped."
    print(f"No Chromium that works for the browser tests; {end} Tried: {tried}", file=sys.stderr)
    return 1 if required else 0


def _candidates() -> Iterator[Path]:
    """Yield programs that may be a Chromium, the cheapest to find first."""
    named = os.environ.get("CNNLAB_CHROMIUM")
    if named:
        yield Path(named)
        return
    for name in NAMES:
        on_path = shutil.which(name)
        if on_path:
            yield Path(on_path)
    yield from (Path(place) for place in PLACES if Path(place).is_file())
    own = _playwright_path()
    if own is not None and own.is_file():
        yield own


def _draws_a_page(program: Path) -> bool:
    """Whether the program, started as the tests start it, shows what a page's script wrote."""
    page = "data:text/html,<script>document.write(6*7+'-drawn')</script>"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [str(program), *CHROMIUM_FLAGS, f"--user-data-dir={profile}", "--dump-dom", page]
        return "42-drawn" in _output_of(command, timeout_seconds=START_SECONDS)


def _playwright_path() -> Path | None:
    """Where Playwright keeps its own Chromium, whether it was downloaded or not."""
    # In a process of its own: a second synchronous Playwright in one thread is refused.
    script = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright:\n"
        "    print(playwright.chromium.executable_path)"
    )
    answer = _output_of([sys.executable, "-c", script], timeout_seconds=START_SECONDS).strip()
    return Path(answer) if answer else None


def _install_from_debian() -> None:
    """Install the chromium package where apt-get may be used."""
    as_root = _apt_as_root()
    if as_root is not None:
        print("No Chromium found: installing Debian's with apt-get", flush=True)
        apt_get = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
        _run([*apt_get, "update"])
        _run([*apt_get, "install", "--yes", "--no-install-recommends", "chromium"])


def _install_from_playwright() -> None:
    """Download Playwright's own Chromium, and the libraries it needs where apt-get may be used."""
    print("No Chromium found: downloading Playwright's", flush=True)
    playwright = [sys.executable, "-m", "playwright"]
    if _run([*playwright, "install", "chromium"]) and _apt_as_root() is not None:
        _run([*playwright, "install-deps", "chromium"])


def _apt_as_root() -> list[str] | None:
    """What to put in front of apt-get; None if there is none or a password would be needed."""
    if shutil.which("apt-get") is None or not hasattr(os, "geteuid"):
        return None
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "--non-interactive"]
    return sudo if shutil.which("sudo") and _run([*sudo, "true"]) else None


def _run(command: list[str]) -> bool:
    """Run a command to its end, its output shown; whether it succeeded."""
    try:
        result = subprocess.run(
            command, stdin=subprocess.DEVNULL, timeout=INSTALL_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return False
    return result.returncode == 0


def _output_of(command: list[str], *, timeout_seconds: float) -> str:
    """The standard output of a command; empty if it could not be run in time."""
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main())

"""The browser bring-up takes what draws a page, and says what is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.chromium import find_chromium

ROOT = Path(__file__).parents[2]


def bring_up(**environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name[:7] != "CNNLAB_"}
    return subprocess.run(
        [sys.executable, "-m", "tests.browser.chromium"],
        cwd=ROOT,
        env=inherited | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_named_browser_is_the_one_used() -> None:
    found = find_chromium()
    if found is None:
        pytest.skip("no Chromium works here")
    result = bring_up(CNNLAB_CHROMIUM=str(found))
    assert result.returncode == 0
    assert result.stdout == f"Browser tests use {found}\n"


def test_a_program_that_is_no_browser_is_named_and_the_tests_may_go_on() -> None:
    result = bring_up(CNNLAB_CHROMIUM=sys.executable)
    assert result.returncode == 0
    assert "will be skipped" in result.stderr
    assert sys.executable in result.stderr


def test_a_browser_that_is_required_and_missing_ends_with_status_1(tmp_path: Path) -> None:
    result = bring_up(CNNLAB_CHROMIUM=str(tmp_path / "none"), CNNLAB_REQUIRE_BROWSER="1")
    assert result.returncode == 1
    assert "required" in result.stderr

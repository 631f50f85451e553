"""Places that a user names end in a path or in a sentence, never in a trace."""

from pathlib import Path

import pytest

from cnnlab.errors import PathError
from cnnlab.paths import user_path
from tests.test_cli import call

TOO_LONG = "x" * 5000
NO_HOME = "~nobody-has-this-name/pictures"


def test_home_is_expanded():
    assert user_path("~/pictures") == Path.home() / "pictures"


def test_place_need_not_exist(tmp_path):
    assert user_path(str(tmp_path / "later")) == tmp_path / "later"


@pytest.mark.parametrize(
    ("text", "reason"),
    [(NO_HOME, "no-home"), (TOO_LONG, "bad-path"), (f"/tmp/{'y' * 300}.zip", "bad-path")],
)
def test_path_that_cannot_be_is_refused_with_its_cause(text, reason):
    with pytest.raises(PathError) as refused:
        user_path(text)
    assert refused.value.reason == reason
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("place", [NO_HOME, TOO_LONG], ids=["no home", "too long"])
@pytest.mark.parametrize(
    "words",
    [
        ["scan", "{}"],
        ["audit", "{}"],
        ["datasets", "add", "{}"],
        ["datasets", "make", "cups", "--pictures", "a={}", "--pictures", "b={}"],
        ["datasets", "remove", "{}"],
        ["correct", "{}", "list"],
        ["export-data", "builtin:digits", "--out", "{}"],
        ["train", "--data", "{}"],
        ["scan", "builtin:digits", "--workspace", "{}"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_command_answers_a_strange_path_with_one_line(words, place, workspace):
    words = [word.format(place) for word in words]
    if "--workspace" not in words:
        words += ["--workspace", str(workspace.root)]
    result = call(*words)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith(("no-home: ", "bad-path: "))
    assert result.stderr.count("\n") == 1

"""What reports and the command line say about pictures of none of a network's classes."""

import json

import pytest

from cnnlab.inference.rejection import write_rejection
from cnnlab.reports.html_report import render
from cnnlab.reports.model_card import card_markdown
from cnnlab.reports.report_data import report_of
from cnnlab.reports.unknown import unknown_facts
from cnnlab.run_commands import print_run
from cnnlab.runs.runs import get_run
from cnnlab.runs.store import open_store
from cnnlab.workspace import RunFiles
from tests.pages.test_unknown import FITTED

WHY = "The rule needs at least 20 validation pictures. Received: 3."


@pytest.fixture
def run(trained):
    place, _, run_id = trained
    store = open_store(place)
    yield place, store, run_id, RunFiles(place.run_folder(run_id))
    store.close()


def test_report_and_card_tell_what_the_rule_is_worth(run):
    place, store, run_id, files = run
    write_rejection(files, FITTED)
    report = report_of(store, place, run_id, pictures=False)
    for text in (render(report), card_markdown(report).replace("\\", "")):
        assert "Of 40 pictures of none of its classes it takes 10.0% for one of them" in text
        assert "by confidence alone it would be 70.0%" in text
        assert "It keeps 94.0% of 100 test pictures" in text


def test_without_a_rule_they_say_that_every_picture_gets_a_class(run):
    place, store, run_id, files = run
    write_rejection(files, WHY)
    report = report_of(store, place, run_id, pictures=False)
    for text in (render(report), card_markdown(report)):
        assert "Every picture gets one of its 3 classes" in text


def test_the_command_line_shows_what_was_measured(run, capsys):
    place, store, run_id, files = run
    write_rejection(files, FITTED)
    print_run(store, get_run(store, run_id), json=True, whole_from=place)
    shown = json.loads(capsys.readouterr().out)["rejection"]
    assert shown == json.loads(files.rejection.read_text())
    assert shown["kept_interval"] == pytest.approx([0.875, 0.972], abs=1e-3)


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, None), (f'{{"version": 1, "why": "{WHY}"}}', WHY), ("{", "rejection.json")],
)
def test_without_a_rule_the_command_line_says_why(run, content, why):
    files = run[3]
    files.rejection.unlink(missing_ok=True)
    if content is not None:
        files.rejection.write_text(content)
    facts = unknown_facts(files)
    assert (facts is None) if why is None else (why in facts["why"])

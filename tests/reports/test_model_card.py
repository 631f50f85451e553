"""The model card: every heading, from the run's facts, safe in Markdown."""

import pytest

from cnnlab.networks.recipes import recipe
from cnnlab.reports.html_report import render
from cnnlab.reports.model_card import card_markdown, model_card
from cnnlab.reports.report_data import report_of
from cnnlab.runs import runs
from cnnlab.runs.datasets import add_dataset, rename_dataset
from cnnlab.runs.store import open_store
from cnnlab.workspace import RunFiles
from tests.finished import answers, finished_run

HEADINGS = [
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
]


def facts_of(store, workspace, folder, predictions, name="colours"):
    dataset = add_dataset(store, workspace, folder)
    rename_dataset(store, dataset.id, name)
    run_id = finished_run(store, workspace, dataset.id, recipe("quick").config, predictions)
    return report_of(store, workspace, run_id)


def test_a_card_has_every_heading_and_the_facts_of_its_run(trained):
    place, _, run_id = trained
    store = open_store(place)
    facts = report_of(store, place, run_id, pictures=False)
    store.close()
    assert [part.title for part in model_card(facts)] == HEADINGS
    text = card_markdown(facts)
    assert text.startswith("# Model card: quick on colours\n")
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == HEADINGS
    assert run_id in text
    assert "| blue | 14 | 3 | 3 |" in text
    assert f"{facts.scores.evaluation.images} test pictures" in text
    assert facts.data.noted["fingerprint"] in text
    assert "not recorded" in text
    assert set(facts.made_with) == {"cnnlab", "tensorflow", "keras"}
    assert f"tensorflow {facts.made_with['tensorflow']}" in text


def test_an_older_run_knows_from_its_files_which_keras_saved_it(trained):
    place, _, run_id = trained
    store = open_store(place)
    results = dict(runs.get_run(store, run_id).results)
    noted = results.pop("versions")
    runs.save_results(store, run_id, results)
    assert report_of(store, place, run_id).made_with == {"keras": noted["keras"]}
    RunFiles(place.run_folder(run_id)).keras_model.write_bytes(b"PK nonsense")
    assert report_of(store, place, run_id).made_with == {}
    store.close()


def test_a_card_is_part_of_the_report(trained):
    place, _, run_id = trained
    store = open_store(place)
    facts = report_of(store, place, run_id, pictures=False)
    store.close()
    written = render(facts)
    for heading in HEADINGS:
        assert f"<h3>{heading}</h3>" in written


def test_names_stay_words_in_a_card(store, workspace, class_folders):
    names = ("a|b`c`", "*_[x](http://evil)_*<i>", "# c\n- d")
    predictions = answers([True, False] * 9, class_names=names)
    text = card_markdown(facts_of(store, workspace, class_folders, predictions, "![x](y) | <b>"))
    assert r"a\|b\`c\`" in text
    assert r"\*\_\[x\](http://evil)\_\*\<i\>" in text
    assert r"!\[x\](y) \| \<b\>" in text
    for line in text.splitlines():
        assert "<i>" not in line
        assert not line.startswith(("# c", "- d"))
    rows = [line for line in text.splitlines() if line.startswith("| ") and "interval" in line]
    assert len(rows) == 1


@pytest.mark.parametrize("classes", [2, 300])
def test_a_card_of_many_classes_names_the_hardest_only(store, workspace, class_folders, classes):
    names = tuple(f"class {number:03}" for number in range(classes))
    right = [number % classes != 7 for number in range(classes * 2)]
    text = card_markdown(
        facts_of(store, workspace, class_folders, answers(right, class_names=names))
    )
    rows = [
        line for line in text.splitlines() if line.startswith("| class 0") or "| class 1" in line
    ]
    assert 0 < len(rows) <= 50
    assert ("class 007 | 0%" in text) == (classes == 300)
    said = "The table shows 50 of 300 classes, those that are found least often."
    assert (said in text) == (classes == 300)


def test_a_card_without_predictions_says_what_is_not_known(trained):
    place, _, run_id = trained
    RunFiles(place.run_folder(run_id)).predictions.unlink()
    store = open_store(place)
    text = card_markdown(report_of(store, place, run_id))
    store.close()
    assert "not known any more" in text
    assert "The stored predictions are not there" in text

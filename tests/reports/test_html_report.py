"""The report of a run: one file with everything in it, whatever is missing."""

import dataclasses
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest

from cnnlab.config import change_config
from cnnlab.errors import RunError
from cnnlab.evaluation.agreement import training_accuracy
from cnnlab.evaluation.intervals import wilson
from cnnlab.evaluation.predictions import read_predictions, write_predictions
from cnnlab.figures.curves import plot_loss
from cnnlab.networks.recipes import recipe
from cnnlab.reports.html_parts import chart, tag
from cnnlab.reports.html_report import render
from cnnlab.reports.readings import readings_of
from cnnlab.reports.report_data import report_of
from cnnlab.runs import runs
from cnnlab.runs.datasets import (
    add_dataset,
    find_dataset,
    move_dataset,
    remove_dataset,
    rename_dataset,
)
from cnnlab.runs.states import RunState
from cnnlab.runs.store import open_store
from cnnlab.workspace import RunFiles
from tests.finished import answers, finished_run

MOST_BYTES = 8_000_000
MOST_PICTURE_BYTES = 100_000
NOON = 1_800_000_000.0
HOSTILE = ("<b>red</b>", "</script><script>alert(1)</script>", "\"onload='x", "a & b $x$ %{y}")


class Document(HTMLParser):
    """What a browser makes of a report: elements with their attributes, and the text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if name not in ("meta", "img", "br"):
            self._inside.append(name)

    def handle_endtag(self, name):
        assert self._inside.pop() == name, f"</{name}> ends another element"

    def handle_data(self, data):
        where = {"script": self.scripts, "style": self.styles}
        where.get(self._inside[-1] if self._inside else "", self.words).append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.elements if found == name]


@pytest.fixture
def report(trained):
    """Writes the report of the trained run as it is now."""
    place, _, run_id = trained
    store = open_store(place)
    yield lambda **how: Document(render(report_of(store, place, run_id, **how), written_at=NOON))
    store.close()


@pytest.fixture
def made(workspace, store, class_folders):
    """Writes the report of a run that said this."""
    dataset = add_dataset(store, workspace, class_folders)

    def write(predictions, changes=None, name=None, **how):
        if name is not None:
            rename_dataset(store, dataset.id, name)
        config = change_config(recipe("quick").config, changes or {})
        run_id = finished_run(store, workspace, dataset.id, config, predictions, **how)
        return run_id, report_of(store, workspace, run_id)

    return write


def change_results(trained, **changes):
    place, _, run_id = trained
    store = open_store(place)
    results = {**runs.get_run(store, run_id).results, **changes}
    kept = {name: value for name, value in results.items() if value is not None}
    runs.save_results(store, run_id, kept)
    store.close()


def test_a_report_tells_what_the_run_has_reached(trained, report):
    place, _, run_id = trained
    files = RunFiles(place.run_folder(run_id))
    test = read_predictions(files.predictions).select("test")
    right, images = int((test.predicted == test.true).sum()), len(test)
    low, high = wilson(right, images)
    document = report()
    assert f"{right} of {images} test pictures" in document.text
    assert f"{low:.1%}" in document.text
    assert f"{high:.1%}" in document.text or high == 1
    for words in ("tell blue, green and red apart", "simple methods", "quick on colours", run_id):
        assert words in document.text
    for file in (files.keras_model, files.lite_model, files.predictions, files.split):
        assert hashlib.sha256(file.read_bytes()).hexdigest() in document.text
        assert f"{file.stat().st_size:,}" in document.text
    charts = [place["data-chart"] for place in document.all("div") if "data-chart" in place]
    assert charts == ["ladder", "confusion", "accuracy", "loss"]
    assert "2027-01-15 08:00 UTC" in document.text


def test_a_report_holds_its_pictures_and_asks_for_nothing_else(trained, report):
    document = report()
    pictures = document.all("img")
    assert len(pictures) >= 9  # as many test pictures as there are
    for picture in pictures:
        assert picture["src"].startswith("data:image/jpeg;base64,")
        assert len(picture["src"]) < MOST_PICTURE_BYTES * 4 / 3
        assert picture["alt"]
    for name, attributes in document.elements:
        assert name not in ("link", "iframe", "object", "embed", "base", "form", "video", "audio")
        for key in ("src", "href", "srcset", "action", "poster", "xlink:href"):
            assert (attributes.get(key) or "#").startswith(("data:", "#")), (name, attributes)
    (policy,) = [meta["content"] for meta in document.all("meta") if "http-equiv" in meta]
    assert "default-src 'none'" in policy
    assert not re.search(r"https?:|\*", policy)
    (styles,) = document.styles
    assert not re.search(r"url\(|@import|@font-face", styles)
    own = document.scripts[-1]
    assert "Plotly.react" in own
    assert not re.search(r"fetch|XMLHttpRequest|import\(|https?:", own)


def test_the_same_run_gives_the_same_report_but_for_the_line_that_says_when(trained):
    place, _, run_id = trained
    store = open_store(place)
    first, second = (render(report_of(store, place, run_id), written_at=NOON) for _ in range(2))
    later = render(report_of(store, place, run_id), written_at=NOON + 86_400)
    store.close()
    assert first == second
    assert len(first.encode()) < MOST_BYTES
    assert first != later
    assert first.replace("2027-01-15 08:00", "2027-01-16 08:00") == later


def test_names_are_shown_as_they_are_and_never_become_markup(made):
    predictions = answers([True, False, True, False, False, True] * 4, class_names=HOSTILE)
    predictions = dataclasses.replace(
        predictions, paths=tuple(f"<img src=x>/{path}\u202e" for path in predictions.paths)
    )
    _, facts = made(predictions, name="</title><script>alert(2)</script>")
    document = Document(render(facts, written_at=NOON))
    for name in HOSTILE:
        assert name in document.text
    assert "</title><script>alert(2)</script>" in document.text
    assert document.all("b") == []
    assert [img for img in document.all("img") if not img["src"].startswith("data:")] == []
    assert "\u202e" not in document.text
    assert not any("onload" in attributes for _, attributes in document.elements)
    kinds = [script.get("type") for script in document.all("script")]
    assert kinds == ["application/json"] * 3 + [None, None]
    for script in document.scripts[:3]:
        json.loads(script)


def test_a_chart_carries_both_themes():
    epochs = [{"epoch": 1, "loss": 0.5, "validation_loss": 0.6}]
    light, dark = (plot_loss(epochs, dark=dark) for dark in (False, True))
    document = Document(chart("loss", "A chart", light, dark))
    facts = json.loads(document.scripts[0])
    figure = facts["figure"]
    assert figure == json.loads(light.to_json())
    for path, value in facts["dark"]:
        place = figure
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
    assert figure == json.loads(dark.to_json())
    assert not any(path[0] == "data" and path[-1] == "y" for path, _ in facts["dark"])


def test_tags_escape_whatever_is_not_html_yet():
    assert (
        tag("p", "a<b", tag("i", "&"), title='"<') == '<p title="&quot;&lt;">a&lt;b<i>&amp;</i></p>'
    )


def test_pictures_can_be_left_out(report):
    document = report(pictures=False)
    assert document.all("img") == []
    assert "holds no pictures" in document.text
    assert "told by name" not in document.text
    assert ".png" in document.text


def test_pictures_that_are_gone_are_told_by_name(trained, report, tmp_path):
    place, dataset_id, _ = trained
    store = open_store(place)
    folder = shutil.copytree(find_dataset(store, dataset_id).location, tmp_path / "elsewhere")
    move_dataset(store, dataset_id, str(folder))
    store.close()
    shutil.rmtree(folder / "red")
    document = report()
    assert "are gone from their folder" in document.text
    assert "not shown" in document.text


def test_a_data_set_that_is_gone_is_said_to_be(trained, report):
    place, dataset_id, _ = trained
    store = open_store(place)
    remove_dataset(store, dataset_id)
    store.close()
    document = report()
    assert document.all("img") == []
    assert "no longer in the workspace" in document.text
    assert "test pictures" in document.text


@pytest.mark.parametrize("harm", ["delete", "damage"])
def test_without_stored_predictions_the_figures_of_the_run_stay(trained, report, harm):
    place, _, run_id = trained
    predictions = RunFiles(place.run_folder(run_id)).predictions
    if harm == "delete":
        predictions.unlink()
    else:
        predictions.write_bytes(b"PAR1 nonsense")
    change_results(trained, metrics={"test_accuracy": 0.625, "validation_accuracy": 0.5})
    document = report()
    assert "62.5% of unseen pictures named right" in document.text
    assert "no intervals" in document.text
    assert ("cannot be read" in document.text) == (harm == "damage")
    charts = [place["data-chart"] for place in document.all("div") if "data-chart" in place]
    assert charts == ["ladder", "accuracy", "loss"]


def test_a_run_of_an_older_version_with_hardly_any_facts_gives_a_report(trained, report):
    place, _, run_id = trained
    unknown = ("baselines", "data", "parameters", "precision", "training_seconds", "best_epoch")
    unknown += ("peak_memory_bytes", "stop_reason", "epochs", "prediction", "seconds", "versions")
    change_results(trained, **dict.fromkeys(unknown))
    RunFiles(place.run_folder(run_id)).split.unlink()
    RunFiles(place.run_folder(run_id)).keras_model.unlink()
    document = report()
    for sentence in ("not held against simple methods", "not known which picture", "missing"):
        assert sentence in document.text


def test_a_run_without_test_pictures_says_that_its_figures_may_flatter(made):
    _, facts = made(answers([True, False] * 8, split="validation"))
    text = Document(render(facts)).text
    assert "50.0% of held-back pictures named right" in text
    assert "There were no test pictures" in text


def test_a_run_that_was_stopped_says_so(made):
    _, facts = made(answers([True] * 8))
    job = dataclasses.replace(facts.run.job, state=RunState.STOPPED)
    stopped = dataclasses.replace(facts, run=dataclasses.replace(facts.run, job=job))
    assert "stopped by hand after 3 of at most" in Document(render(stopped)).text
    assert "stopped by hand" not in Document(render(facts)).text
    results = {**facts.run.results, "stop_reason": "The loss became infinite in epoch 4."}
    exploded = dataclasses.replace(
        facts, run=dataclasses.replace(facts.run, job=job, results=results)
    )
    text = Document(render(exploded)).text
    assert "The loss became infinite after 3 epochs" in text
    assert "stopped by hand" not in text


def test_what_the_curves_say_stands_beside_them(trained, report):
    place, _, run_id = trained
    store = open_store(place)
    run, epochs = runs.get_run(store, run_id), runs.epoch_records(store, run_id)
    store.close()
    found = readings_of(run, epochs)
    assert found
    for reading in found:
        assert reading.sentence in report().text


def test_uneven_classes_put_the_mean_over_classes_in_front(made):
    many, few = [True] * 40, [False] * 4
    predictions = answers([*many, *few])
    true = np.array([0] * 40 + [1] * 4)
    said = np.zeros((44, 2), dtype=np.float32)
    said[:, 0] = 1
    _, facts = made(dataclasses.replace(predictions, true=true, probabilities=said))
    text = Document(render(facts)).text
    assert "50.0% of unseen pictures named right, as a mean over its classes" in text
    assert text.index("Balanced accuracy") < text.index("Macro F1") < text.index("Accuracy 90.9%")
    assert "Fewer than 30 test pictures show red" in text


def test_what_was_noted_while_it_ran_stands_in_front(made, store, workspace):
    run_id, _ = made(answers([True, False] * 20))
    warning = "3 test pictures are copies of training pictures, so test figures will look better."
    results = runs.get_run(store, run_id).results
    trained_to = training_accuracy(results, runs.epoch_records(store, run_id))
    assert trained_to is not None
    runs.record_event(store, run_id, warning, level="warning")
    runs.save_results(
        store,
        run_id,
        {
            **results,
            "metrics": {"test_accuracy": 0.5, "validation_accuracy": trained_to - 0.1},
        },
    )
    document = Document(render(report_of(store, workspace, run_id)))
    assert warning in document.text
    assert (
        f"right on {trained_to - 0.1:.1%} of the validation pictures; "
        f"during the training it was {trained_to:.1%}"
    ) in document.text


def test_a_network_that_fell_apart_gives_a_report(trained, report):
    place, _, run_id = trained
    file = RunFiles(place.run_folder(run_id)).predictions
    known = read_predictions(file)
    nothing = np.full_like(known.probabilities, np.nan)
    write_predictions(dataclasses.replace(known, probabilities=nothing), file)
    document = report()
    assert "cannot be said" in document.text
    assert not re.search(r"\bnan\b", document.text)


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_any_number_of_classes_is_a_report_of_a_reasonable_size(made, classes):
    names = tuple(f"class {number:04}" for number in range(classes))
    rng = np.random.default_rng(0)
    _, facts = made(answers(list(rng.random(classes * 5) < 0.7), class_names=names))
    written = render(facts, written_at=NOON)
    assert len(written.encode()) < MOST_BYTES
    document = Document(written)
    for name in names:
        assert name in document.text


def test_a_perfect_network_has_no_mistakes_to_show(made):
    _, facts = made(answers([True] * 20))
    text = Document(render(facts)).text
    assert "100% of unseen pictures named right" in text
    assert "every picture was recognised" in text


def test_what_was_changed_in_the_recipe_is_listed(made):
    _, facts = made(answers([True, False]), {"training.epochs": 17, "data.size": 48})
    text = Document(render(facts)).text
    assert re.search(r"training: epochs 17 \d+", text)
    assert re.search(r"data: size 48 \d+", text)
    assert (
        "batch size" not in text.split("The whole configuration")[0].split("was changed in it")[1]
    )


def test_a_run_without_a_network_is_refused_with_a_sentence(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, class_folders)
    run_id = runs.submit_run(store, dataset.id, recipe("quick").config)
    with pytest.raises(RunError, match="no finished network") as refused:
        report_of(store, workspace, run_id)
    assert refused.value.reason == "no-model"
    with pytest.raises(RunError, match="no run"):
        report_of(store, workspace, "no-such-run")


def test_repeats_with_other_seeds_tell_how_much_is_luck(made, store, workspace):
    run_id, alone = made(answers([True] * 12 + [False] * 8))
    assert "It was trained once" in Document(render(alone)).text
    made(answers([True] * 16 + [False] * 4), {"training.seed": 1})
    made(answers([True] * 20), {"training.seed": 2, "training.epochs": 99})
    text = Document(render(report_of(store, workspace, run_id))).text
    assert "Trained with 2 different seeds, such a network reaches 60.0% to 80.0%" in text

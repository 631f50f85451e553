"""What the Run page says about pictures of none of a network's classes."""

import pytest

from cnnlab.inference.rejection import write_rejection
from cnnlab.workspace import RunFiles
from tests.pages.conftest import Open, said
from tests.pages.test_run_confidence import give_predictions
from tests.rules import FITTED


@pytest.fixture
def files(trained) -> RunFiles:
    place, _, run_id = trained
    give_predictions(place, run_id, ["validation"] * 100 + ["test"] * 100)
    return RunFiles(place.run_folder(run_id))


def confidence_view(trained, open_page: Open):
    place, _, run_id = trained
    app = open_page(place, "run", run=run_id, view="confidence")
    assert not app.exception
    return app


def test_the_rule_is_shown_with_what_it_lets_through(files, trained, open_page: Open):
    write_rejection(files, FITTED)
    app = confidence_view(trained, open_page)
    words = said(app).replace("\\", "")
    assert "Of 40 pictures of none of its classes it takes 10.0% for one of them" in words
    assert "by confidence alone it would be 70.0%" in words
    assert "It keeps 94.0% of 100 test pictures" in words
    table = app.dataframe[0].value
    assert table["pictures of"].tolist() == ["Noise", "Handwritten digits"]
    assert table["let through"].tolist() == [5, 15]
    assert table["by confidence alone"].tolist() == [50, 90]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "Train it again to have it say so"),
        (
            "The rule needs at least 20 validation pictures. Received: 3.",
            "at least 20 validation pictures",
        ),
    ],
)
def test_without_a_rule_the_page_says_why(files, trained, open_page: Open, content, sentence):
    files.rejection.unlink(missing_ok=True)
    if content is not None:
        write_rejection(files, content)
    assert sentence in said(confidence_view(trained, open_page)).replace("\\", "")


def test_a_damaged_rule_gives_a_sentence(files, trained, open_page: Open):
    files.rejection.write_text("{")
    assert "rejection.json" in said(confidence_view(trained, open_page)).replace("\\", "")

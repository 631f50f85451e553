"""The view "Share" of the Run page: the report and the model card."""

import pytest

from cnnlab.runs.datasets import remove_dataset
from cnnlab.runs.store import open_store
from cnnlab.workspace import RunFiles
from tests.pages.conftest import Open, said


def download_labels(app) -> list[str]:
    return [button.proto.label for button in app.get("download_button")]


def test_a_report_and_a_model_card_are_offered(trained, open_page: Open):
    place, _, run_id = trained
    app = open_page(place, "run", run=run_id, view="share")
    assert not app.exception
    assert not app.error
    assert {"Report as one HTML file", "Model card"} <= set(download_labels(app))
    assert "also offline" in said(app)
    (pictures,) = [toggle for toggle in app.toggle if "pictures" in toggle.label]
    assert pictures.value
    pictures.set_value(False).run()
    assert not app.exception
    assert "Report as one HTML file" in download_labels(app)


@pytest.mark.parametrize("harm", ["predictions", "data set"])
def test_a_report_is_offered_whatever_is_gone(trained, open_page: Open, harm):
    place, dataset_id, run_id = trained
    if harm == "predictions":
        RunFiles(place.run_folder(run_id)).predictions.unlink()
    else:
        store = open_store(place)
        remove_dataset(store, dataset_id)
        store.close()
    app = open_page(place, "run", run=run_id, view="share")
    assert not app.exception
    assert "Report as one HTML file" in download_labels(app)

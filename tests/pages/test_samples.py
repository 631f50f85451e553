"""The Samples page: every view, and what a click changes."""

from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnlab.config import SplitConfig
from cnnlab.datasets.edits import Edit
from cnnlab.datasets.export import ExportLayout, export_data
from cnnlab.datasets.scan import scan
from cnnlab.runs import corrections, jobs
from cnnlab.runs.audits import audit_dataset
from cnnlab.runs.corrections import load_index
from cnnlab.runs.datasets import Dataset, add_dataset, get_dataset, list_datasets
from cnnlab.runs.jobs import latest_job
from cnnlab.runs.made_sets import make_set, put_pictures
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.scheduler import LOCK_NAME
from cnnlab.runs.states import JobKind, RunState
from cnnlab.runs.store import Store
from cnnlab.training.image_map import map_dataset
from cnnlab.ui import address
from cnnlab.worker import work
from cnnlab.workspace import Workspace
from tests.pages.conftest import Open, said
from tests.pictures import tree_digest

VIEWS = ("pictures", "findings", "preparation", "map", "manage", "add")


@pytest.fixture
def folders(class_folders: Path) -> Path:
    """Sixty pictures; one twice, one under two labels, one broken, one dark, one turned."""
    (class_folders / "red" / "broken.jpg").write_bytes(b"")
    for source, copy in (("red/000", "red/twin"), ("green/003", "blue/lost")):
        content = (class_folders / f"{source}.png").read_bytes()
        (class_folders / f"{copy}.png").write_bytes(content)
    Image.new("RGB", (40, 40), (3, 2, 3)).save(class_folders / "blue" / "night.png")
    exif = Image.Exif()
    exif[274] = 6
    Image.radial_gradient("L").resize((40, 50)).convert("RGB").save(
        class_folders / "green" / "turned.jpg", exif=exif
    )
    return class_folders


@pytest.fixture
def dataset(store: Store, workspace: Workspace, folders: Path) -> Dataset:
    added = add_dataset(store, workspace, folders)
    index, _ = scan_dataset(store, workspace, added)
    dataset = get_dataset(store, added.id)
    audit_dataset(workspace, dataset, index)
    return dataset


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def click(app: AppTest, label: str) -> AppTest:
    """Press the first button whose label begins so."""
    button = next(each for each in app.button if each.label.startswith(label))
    assert not button.disabled, label
    return button.click().run()


def ticks(app: AppTest) -> list:
    return [box for box in app.checkbox if box.key and box.key.startswith("tick-")]


def tick(app: AppTest, path: str) -> AppTest:
    return next(box for box in ticks(app) if box.key.endswith(path)).check().run()


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens(view, dataset, workspace, open_page: Open):
    app = open_page(workspace, "samples", data=dataset.id, view=view)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_opens_before_anything_was_looked_at(
    view, store, workspace, class_folders, open_page: Open
):
    added = add_dataset(store, workspace, class_folders)
    app = open_page(workspace, "samples", data=added.id, view=view)
    assert not app.exception
    assert not app.error


def test_an_unknown_view_in_the_address_is_the_gallery(dataset, workspace, open_page: Open):
    app = open_page(workspace, "samples", data=dataset.id, view="nonsense")
    assert not app.exception
    assert ticks(app)


def test_a_choice_holds_against_an_address_that_was_sent_before_it(
    dataset, workspace, open_page: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(address, "SETTLING_SECONDS", 3600.0)
    app = open_page(workspace, "samples", data=dataset.id, view="pictures")
    assert ticks(app)
    app.segmented_control(key="samples-view").set_value("manage").run()
    assert not ticks(app)
    app.query_params["view"] = "pictures"  # as a part that renews itself may still send it
    app.run()
    assert app.segmented_control(key="samples-view").value == "manage"
    assert app.query_params["view"] == "manage"
    monkeypatch.setattr(address, "SETTLING_SECONDS", 0.0)
    app.query_params["view"] = "pictures"
    app.run()
    assert ticks(app)


# --- gallery and corrections ---


def test_excluding_changes_every_count_and_undo_brings_it_back(
    dataset, store, workspace, folders, open_page: Open
):
    before = tree_digest(folders)
    app = open_page(workspace, "samples", data=dataset.id)
    first = metrics(app)
    assert first["Pictures used"] == "64"
    assert first["Exact copies"] == "2"
    app.selectbox(key="gallery-class").set_value("red").run()
    tick(app, "red/000.png")
    click(app, "Exclude 1")
    after = metrics(app)
    assert (after["Pictures used"], after["Excluded"], after["Exact copies"]) == ("63", "1", "1")
    home = open_page(workspace, "home")
    assert "63 pictures" in said(home)
    train = open_page(workspace, "train", data=dataset.id)
    assert "63" in " ".join(metrics(train).values()) + said(train) + str(train.selectbox[0].options)

    app = open_page(workspace, "samples", data=dataset.id)
    click(app, "Undo")
    assert metrics(app) == first
    assert get_dataset(store, dataset.id).summary["usable"] == 64
    assert tree_digest(folders) == before


def test_relabelling_moves_a_picture_to_another_class_even_a_new_one(
    dataset, store, workspace, open_page: Open
):
    app = open_page(workspace, "samples", data=dataset.id)
    app.selectbox(key="gallery-class").set_value("red").run()
    tick(app, "red/001.png")
    corrections.correct(store, workspace, dataset, ["red/002.png"], Edit.RELABEL, "Not sure")
    app.run()
    app.selectbox(key="class-gallery").set_value("blue").run()
    click(app, "Relabel them")
    classes = get_dataset(store, dataset.id).summary["classes"]
    assert classes == {"blue": 23, "green": 21, "red": 19, "Not sure": 1}
    assert metrics(app)["Relabelled"] == "2"


def test_excluded_pictures_can_be_seen_and_restored(dataset, store, workspace, open_page: Open):
    corrections.correct(store, workspace, dataset, ["red/000.png", "red/003.png"], Edit.EXCLUDE)
    app = open_page(workspace, "samples", data=dataset.id)
    app.segmented_control(key="gallery-shown").set_value("excluded").run()
    assert sorted(box.key.rsplit("-", 1)[1] for box in ticks(app)) == ["red/000.png", "red/003.png"]
    tick(app, "red/003.png")
    click(app, "Restore")
    assert get_dataset(store, dataset.id).summary["excluded"] == 1


def test_the_gallery_shows_a_class_an_order_and_a_page_at_a_time(
    dataset, workspace, open_page: Open
):
    app = open_page(workspace, "samples", data=dataset.id)
    assert len(ticks(app)) == 24
    mixed = [box.key.rsplit("-", 1)[1].split("/")[0] for box in ticks(app)][:6]
    assert mixed == ["blue", "green", "red"] * 2
    app.selectbox(key="gallery-class").set_value("blue").run()
    app.selectbox(key="gallery-order").set_value("darkest").run()
    assert ticks(app)[0].key.endswith("blue/night.png")
    app.selectbox(key="gallery-class").set_value(None).run()
    assert "Pictures 1 to 24 of 64" in said(app)


def test_given_splits_filter_the_gallery(
    store, workspace, class_folders, tmp_path, open_page: Open
):
    split = SplitConfig(validation=0.2, test=0.1)
    export_data(
        *(class_folders, scan(class_folders), tmp_path / "tree"),
        layout=ExportLayout.TREE,
        split=split,
    )
    added = add_dataset(store, workspace, tmp_path / "tree")
    scan_dataset(store, workspace, added)
    app = open_page(workspace, "samples", data=added.id)
    app.segmented_control(key="gallery-split").set_value("test").run()
    assert len(ticks(app)) == 6
    assert all("-test/" in box.key for box in ticks(app))


def test_without_given_splits_the_gallery_shows_those_of_the_preparation(
    dataset, workspace, open_page: Open
):
    app = open_page(workspace, "samples", data=dataset.id, view="preparation")
    app.number_input(key="field:quick:split.test").set_value(0.3).run()
    expected = int(metrics(app)["Test"])
    app.segmented_control(key="samples-view").set_value("pictures").run()
    app.segmented_control(key="gallery-split").set_value("test").run()
    assert not app.exception
    assert len(ticks(app)) == expected > 12


def test_a_finding_can_be_chosen_in_the_gallery(dataset, workspace, open_page: Open):
    app = open_page(workspace, "samples", data=dataset.id)
    app.selectbox(key=f"gallery-finding-{dataset.id}").set_value("label-conflict").run()
    assert not app.exception
    assert len(ticks(app)) == 2
    app.selectbox(key=f"gallery-finding-{dataset.id}").set_value(None).run()
    assert len(ticks(app)) == 24


def test_a_picture_that_went_away_is_said_and_the_others_stay(
    dataset, workspace, folders, open_page: Open
):
    (folders / "blue" / "000.png").unlink()
    app = open_page(workspace, "samples", data=dataset.id)
    assert not app.exception
    assert "cannot be read any more" in app.warning[0].value
    assert len(ticks(app)) == 23


def test_a_finding_in_the_address_is_what_the_gallery_shows(dataset, workspace, open_page: Open):
    app = open_page(workspace, "samples", data=dataset.id, finding="label-conflict")
    assert sorted(box.key.rsplit("-", 1)[1] for box in ticks(app)) == [
        "blue/lost.png",
        "green/003.png",
    ]
    click(app, "Show everything")
    assert len(ticks(app)) == 24


def test_class_names_are_text_not_markup(store, workspace, class_folders, open_page: Open):
    odd = "T-Shirt **bold** [link](http://x) $x$ :red[y]"
    (class_folders / "red").rename(class_folders / odd.replace("/", "_"))
    (class_folders / "blue").rename(class_folders / "Not sure")
    added = add_dataset(store, workspace, class_folders)
    index, _ = scan_dataset(store, workspace, added)
    audit_dataset(workspace, get_dataset(store, added.id), index)
    for view in VIEWS:
        app = open_page(workspace, "samples", data=added.id, view=view)
        assert not app.exception
        assert "**bold**" not in said(app) + "".join(box.label for box in ticks(app))


# --- findings ---


def test_findings_name_problems_and_what_to_do(dataset, workspace, open_page: Open):
    app = open_page(workspace, "samples", data=dataset.id, view="findings")
    text = said(app)
    for words in ("two labels", "copies", "of one tone", "EXIF"):
        assert words in text
    assert list(app.dataframe[0].value["file"]) == ["red/broken.jpg"]


def test_one_click_keeps_one_of_each_copy_and_undo_takes_it_back(
    dataset, store, workspace, open_page: Open
):
    app = open_page(workspace, "samples", data=dataset.id, view="findings")
    click(app, "Exclude 1, keep one of each")
    index = load_index(store, workspace, dataset)
    assert len(index.excluded) == 1
    assert set(index.excluded) <= {"red/000.png", "red/twin.png"}
    app = open_page(workspace, "samples", data=dataset.id, view="findings")
    assert not [b for b in app.button if b.label.startswith("Exclude 1, keep one")]
    click(app, "Undo")
    assert not load_index(store, workspace, dataset).excluded


def test_findings_start_an_audit_where_there_is_none(
    store, workspace, class_folders, open_page: Open
):
    added = add_dataset(store, workspace, class_folders)
    scan_dataset(store, workspace, added)
    open_page(workspace, "samples", data=added.id, view="findings")
    job = latest_job(store, JobKind.AUDIT, added.id)
    assert job is not None
    assert job.state is RunState.QUEUED or job.process is not None


def test_an_audit_that_was_stopped_stays_stopped_until_it_is_asked_for(
    store, workspace, class_folders, open_page: Open
):
    added = add_dataset(store, workspace, class_folders)
    scan_dataset(store, workspace, added)
    with workspace.lock(LOCK_NAME):  # no scheduler carries anything out meanwhile
        job_id = jobs.submit_job(store, JobKind.AUDIT, added.id)
        app = open_page(workspace, "samples", data=added.id, view="findings")
        click(app, "Stop")
        assert jobs.get_job(store, job_id).state is RunState.STOPPED
        app = open_page(workspace, "samples", data=added.id, view="findings")
        assert "not checked to the end" in said(app)
        assert latest_job(store, JobKind.AUDIT, added.id).id == job_id
        click(app, "Check the pictures")
        assert latest_job(store, JobKind.AUDIT, added.id).id != job_id


def test_pictures_of_a_finding_are_corrected_where_they_are_shown(
    dataset, store, workspace, folders, open_page: Open
):
    before = tree_digest(folders)
    app = open_page(workspace, "samples", data=dataset.id, view="findings")
    conflicts = [box for box in ticks(app) if "label-conflict" in box.key]
    assert len(conflicts) == 2
    next(box for box in conflicts if box.key.endswith("blue/lost.png")).check().run()
    app.selectbox(key="class-finding-label-conflict").set_value("green").run()
    click(app, "Relabel them")
    index = load_index(store, workspace, dataset)
    assert index.relabelled == {"blue/lost.png": "blue"}
    app = open_page(workspace, "samples", data=dataset.id, view="findings")
    assert "two labels" not in said(app)
    click(app, "Undo")
    assert not load_index(store, workspace, dataset).relabelled
    assert tree_digest(folders) == before


def test_a_failed_scan_says_why_and_can_be_tried_again(
    store, workspace, class_folders, tmp_path, open_page: Open
):
    added = add_dataset(store, workspace, class_folders)
    class_folders.rename(tmp_path / "elsewhere")
    job_id = jobs.submit_job(store, JobKind.SCAN, added.id)
    assert jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
    work(workspace, job_id, own_process=False)
    app = open_page(workspace, "samples", data=added.id)
    assert not app.exception
    assert "colours" in app.error[0].value
    assert any(button.label == "Look at the pictures now" for button in app.button)


# --- preparation ---


@pytest.mark.parametrize("preview", ["split", "batch", "classes", "examples", "augmentation"])
def test_every_preview_has_an_address(preview, dataset, workspace, open_page: Open):
    app = open_page(workspace, "samples", data=dataset.id, view="preparation", preview=preview)
    assert not app.exception
    assert not app.error
    assert app.get("plotly_chart")


def test_the_first_batch_tells_its_pixel_range(dataset, workspace, open_page: Open):
    app = open_page(workspace, "samples", data=dataset.id, view="preparation")
    app.segmented_control(key="preview-view").set_value("batch").run()
    told = metrics(app)
    low, high = map(int, told["Pixel values"].split(" to "))
    assert 0 <= low < 60
    assert 200 < high <= 255
    first, last = map(float, told["After scaling"].split(" to "))
    assert first == pytest.approx(low / 127.5 - 1, abs=0.01)
    assert last == pytest.approx(high / 127.5 - 1, abs=0.01)


def test_fields_of_the_preparation_change_the_split_at_once_and_go_with_to_training(
    dataset, workspace, open_page: Open
):
    app = open_page(workspace, "samples", data=dataset.id, view="preparation")
    before = int(metrics(app)["Validation"])
    app.number_input(key="field:quick:split.validation").set_value(0.4).run()
    assert int(metrics(app)["Validation"]) > 2 * before
    app.multiselect(key=f"field:quick:data.classes:{dataset.id}").set_value(["blue", "red"]).run()
    assert metrics(app)["Classes"] == "2"
    app.toggle(key="field:quick:data.balance").set_value(True).run()
    app.number_input(key="field:quick:data.limit").set_value(10).run()
    total = sum(int(metrics(app)[split]) for split in ("Train", "Validation", "Test"))
    assert total == 20
    click(app, "Train like this")
    assert app.title[0].value == "Train"
    assert app.number_input(key="field:quick:split.validation").value == 0.4


def test_a_choice_that_leaves_nothing_to_train_on_is_said(dataset, workspace, open_page: Open):
    app = open_page(workspace, "samples", data=dataset.id, view="preparation")
    app.multiselect(key=f"field:quick:data.classes:{dataset.id}").set_value(["blue"]).run()
    assert not app.exception
    assert "at least two different classes" in said(app)
    assert any(button.label == "Train like this" for button in app.button)


def test_augmentation_shows_a_picture_beside_eight_draws(dataset, workspace, open_page: Open):
    app = open_page(workspace, "samples", data=dataset.id, view="preparation")
    app.segmented_control(key="preview-view").set_value("augmentation").run()
    app.toggle(key="field:quick:augmentation.flip_vertical").set_value(True).run()
    app.number_input(key="field:quick:augmentation.rotation").set_value(0.1).run()
    alone = next(box for box in app.selectbox if box.label == "Operations")
    assert len(alone.options) >= 3
    alone.select_index(1).run()
    assert not app.exception
    (chart,) = app.get("plotly_chart")
    assert chart.proto.spec.count('"draw ') == 8


# --- map ---


def test_the_map_is_computed_on_request_and_shown(
    dataset, store, workspace, monkeypatch, tmp_path, open_page: Open
):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no-weights"))
    app = open_page(workspace, "samples", data=dataset.id, view="map")
    assert not app.get("plotly_chart")
    map_dataset(workspace, dataset, load_index(store, workspace, dataset))
    app = open_page(workspace, "samples", data=dataset.id, view="map")
    assert not app.exception
    assert app.get("plotly_chart")
    assert "64 pictures, laid out by their colours and edges" in said(app)


# --- manage ---


def test_a_set_is_renamed_and_an_empty_name_refused(dataset, store, workspace, open_page: Open):
    app = open_page(workspace, "samples", data=dataset.id, view="manage")
    app.text_input[1].set_value("Holiday <i>")
    named = next(box for box in app.text_input if box.label == "Name")
    named.set_value("Holiday <i>")
    click(app, "Rename")
    assert get_dataset(store, dataset.id).name == "Holiday <i>"
    next(box for box in app.text_input if box.label == "Name").set_value("  ")
    click(app, "Rename")
    assert app.error
    assert get_dataset(store, dataset.id).name == "Holiday <i>"


def test_a_step_in_the_middle_can_be_undone(dataset, store, workspace, open_page: Open):
    corrections.correct(store, workspace, dataset, ["red/000.png"], Edit.EXCLUDE)
    corrections.correct(store, workspace, dataset, ["red/001.png"], Edit.RELABEL, "blue")
    app = open_page(workspace, "samples", data=dataset.id, view="manage")
    undo = [button for button in app.button if button.label == "Undo"]
    assert len(undo) == 2
    undo[1].click().run()  # the older one
    index = load_index(store, workspace, dataset)
    assert not index.excluded
    assert set(index.relabelled) == {"red/001.png"}


def test_a_set_is_exported_by_a_job(dataset, store, workspace, tmp_path, open_page: Open):
    app = open_page(workspace, "samples", data=dataset.id, view="manage")
    target = next(box for box in app.text_input if box.label.startswith("New folder"))
    target.set_value(str(tmp_path / "out")).run()
    click(app, "Export")
    job = latest_job(store, JobKind.EXPORT, dataset.id)
    assert job is not None
    if jobs.claim(store, job.id, ProcessIdentity(1, 1.0)):
        work(workspace, job.id, own_process=False)
        assert len(list((tmp_path / "out").rglob("*.*"))) == 64
        app = open_page(workspace, "samples", data=dataset.id, view="manage")
        assert "64 pictures were written" in app.success[0].value


def test_removing_a_set_leaves_its_folder_and_the_list_without_it(
    dataset, store, workspace, folders, open_page: Open
):
    before = tree_digest(folders)
    app = open_page(workspace, "samples", data=dataset.id, view="manage")
    click(app, "Remove it")
    assert app.title[0].value == "cnnlab"
    assert list_datasets(store) == []
    assert tree_digest(folders) == before


# --- add ---


def test_a_set_made_in_the_browser_waits_for_its_pictures(store, workspace, open_page: Open):
    app = open_page(workspace, "samples", view="add")
    next(box for box in app.text_input if box.label == "Name of the set").set_value("cups")
    next(box for box in app.text_input if box.label.startswith("Classes")).set_value("cup, glass")
    click(app, "Make it")
    (made,) = list_datasets(store)
    assert made.name == "cups"
    assert sorted(path.name for path in made.location.iterdir()) == ["cup", "glass"]
    assert "no pictures in this set yet" in said(app)
    assert app.selectbox(key=f"add-class-{made.id}").options == ["cup", "glass"]


@pytest.mark.parametrize("classes", ["cup", "", "cup, ../up", "cup, CON"])
def test_bad_class_names_are_refused_beside_the_form(store, workspace, classes, open_page: Open):
    app = open_page(workspace, "samples", view="add")
    next(box for box in app.text_input if box.label == "Name of the set").set_value("cups")
    next(box for box in app.text_input if box.label.startswith("Classes")).set_value(classes)
    click(app, "Make it")
    assert not app.exception
    assert app.error
    assert list_datasets(store) == []


def test_what_needs_an_account_is_explained_step_by_step(workspace, open_page: Open):
    app = open_page(workspace, "samples", view="add")
    assert "kaggle.com" in said(app)
    downloads = [button.key for button in app.button if button.label == "Download"]
    assert downloads == ["download-cifar10", "download-cats-and-dogs", "download-flowers"]


# --- what stands in the way ---


def test_a_set_whose_first_scan_was_refused_can_be_managed_and_removed(
    store, workspace, tmp_path, open_page: Open
):
    archive = tmp_path / "broken.zip"
    archive.write_bytes(b"no zip")
    added = add_dataset(store, workspace, archive)
    job_id = jobs.submit_job(store, JobKind.SCAN, added.id)
    assert jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
    work(workspace, job_id, own_process=False)
    for view in ("manage", "pictures"):
        app = open_page(workspace, "samples", data=added.id, view=view)
        assert not app.exception
        assert "is not a zip" in said(app)
    click(app, "Remove it")
    assert list_datasets(store) == []


def test_an_uploaded_set_whose_index_is_damaged_says_so(
    store, workspace, class_folders, open_page: Open
):
    added = make_set(store, workspace, "mine", ["red", "blue"])
    for name in ("red", "blue"):
        content = (class_folders / name / "000.png").open("rb")
        with content:
            put_pictures(workspace, added, name, [("1.png", content)])
    scan_dataset(store, workspace, added)
    workspace.index_file(added.id).write_bytes(b"damaged")
    app = open_page(workspace, "samples", data=added.id)
    assert "no pictures in this set yet" not in said(app)
    assert "index must be a file of this version" in said(app)
    assert any(button.label == "Look at the pictures now" for button in app.button)


def test_chosen_classes_are_those_of_one_data_set_only(dataset, store, workspace, open_page: Open):
    other = add_dataset(store, workspace, "builtin:digits")
    scan_dataset(store, workspace, other)
    app = open_page(workspace, "samples", data=dataset.id, view="preparation")
    app.multiselect(key=f"field:quick:data.classes:{dataset.id}").set_value(["blue", "red"]).run()
    app.selectbox(key="choose-data").set_value(other.id).run()
    assert metrics(app)["Classes"] == "10"
    assert not app.error

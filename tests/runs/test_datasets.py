"""Data sets: added from anywhere, renamed, moved, removed; an older store is brought up to date."""

import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest

from cnnlab.config import RunConfig
from cnnlab.datasets.edits import Edit
from cnnlab.errors import DatasetError
from cnnlab.runs import datasets, jobs, runs
from cnnlab.runs.corrections import correct, load_index
from cnnlab.runs.datasets import (
    add_dataset,
    add_imported,
    find_dataset,
    get_dataset,
    list_datasets,
    move_dataset,
    remove_dataset,
    rename_dataset,
)
from cnnlab.runs.made_sets import make_set, put_pictures
from cnnlab.runs.processes import ProcessIdentity
from cnnlab.runs.scans import scan_dataset, scan_place
from cnnlab.runs.scheduler import Scheduler
from cnnlab.runs.schema import SCHEMA_VERSION
from cnnlab.runs.sources import Source
from cnnlab.runs.states import JobKind, RunState
from cnnlab.runs.store import open_store


@pytest.fixture
def dataset(store, workspace, class_folders):
    added = add_dataset(store, workspace, class_folders)
    scan_dataset(store, workspace, added)
    return get_dataset(store, added.id)


def zip_of(folder):
    return shutil.make_archive(str(folder), "zip", folder)


def test_a_zip_is_unpacked_once_and_known_again(store, workspace, class_folders):
    archive = zip_of(class_folders)
    dataset = add_dataset(store, workspace, archive)
    assert dataset.source is Source.ARCHIVE
    phases = set()
    _, found = scan_dataset(store, workspace, dataset, lambda phase, *_: phases.add(phase))
    assert found["classes"] == {"blue": 20, "green": 20, "red": 20}
    assert "unpacking" in phases
    assert dataset.location.is_relative_to(workspace.root)
    assert add_dataset(store, workspace, archive).id == dataset.id
    scan_dataset(store, workspace, dataset, lambda phase, *_: phases.discard(phase))
    assert "unpacking" in phases, "it is not unpacked a second time"


def test_a_refused_zip_leaves_no_pictures_and_can_be_removed(store, workspace, tmp_path):
    archive = tmp_path / "bad.zip"
    archive.write_bytes(b"no zip")
    dataset = add_dataset(store, workspace, archive)
    with pytest.raises(DatasetError) as refused:
        scan_dataset(store, workspace, dataset)
    assert refused.value.reason == "bad-archive"
    assert not dataset.location.exists()
    remove_dataset(store, dataset.id)
    assert list_datasets(store) == []


def test_an_uploaded_zip_is_deleted_once_it_is_unpacked(store, workspace, class_folders):
    dataset = add_imported(store, workspace, "my set", Source.ARCHIVE, "set.zip")
    incoming = workspace.incoming_file(dataset.id)
    incoming.parent.mkdir()
    shutil.move(zip_of(class_folders), incoming)
    scan_dataset(store, workspace, dataset)
    assert not incoming.exists()
    assert (dataset.location / "red").is_dir()
    assert (dataset.name, dataset.id.startswith("my-set-")) == ("my set", True)


def test_a_renamed_data_set_keeps_its_id(store, dataset):
    rename_dataset(store, dataset.id, "  Colours   of 2026 ")
    assert get_dataset(store, dataset.id).name == "Colours of 2026"
    for name in ("", " ", "x" * 121, "a\x00b"):
        with pytest.raises(DatasetError, match="1 to 120"):
            rename_dataset(store, dataset.id, name)


def test_a_moved_folder_keeps_its_corrections(store, workspace, dataset, class_folders, tmp_path):
    correct(store, workspace, dataset, ["red/000.png"], Edit.EXCLUDE)
    there = tmp_path / "elsewhere"
    class_folders.rename(there)
    with pytest.raises(DatasetError):
        scan_dataset(store, workspace, dataset)
    move_dataset(store, dataset.id, str(there))
    index, found = scan_dataset(store, workspace, get_dataset(store, dataset.id))
    assert found["usable"] == 59
    assert index.excluded == {"red/000.png"}


def test_moving_onto_another_data_set_or_nowhere_is_refused(store, workspace, dataset, tmp_path):
    (tmp_path / "other" / "a").mkdir(parents=True)
    add_dataset(store, workspace, tmp_path / "other")
    with pytest.raises(DatasetError) as refused:
        move_dataset(store, dataset.id, str(tmp_path / "other"))
    assert refused.value.reason == "known-folder"
    (tmp_path / "no pictures").mkdir()
    for name, reason in (("nowhere", "missing-path"), ("no pictures", "no-images")):
        with pytest.raises(DatasetError) as refused:
            move_dataset(store, dataset.id, str(tmp_path / name))
        assert refused.value.reason == reason
        assert get_dataset(store, dataset.id).location == dataset.location
    imported = add_imported(store, workspace, "mine", Source.UPLOAD)
    with pytest.raises(DatasetError) as refused:
        move_dataset(store, imported.id, str(tmp_path / "other"))
    assert refused.value.reason == "own-pictures"


def test_removing_a_folder_leaves_the_folder_and_its_runs(store, workspace, dataset, class_folders):
    run_id = runs.submit_run(store, dataset.id, RunConfig(recipe="quick"))
    with pytest.raises(DatasetError) as refused:
        remove_dataset(store, dataset.id)
    assert refused.value.reason == "dataset-in-use"
    jobs.request_stop(store, runs.get_run(store, run_id).job.id)
    correct(store, workspace, dataset, ["red/000.png"], Edit.EXCLUDE)
    remove_dataset(store, dataset.id)
    Scheduler(workspace, store).step()
    assert find_dataset(store, dataset.id) is None
    assert not workspace.dataset_folder(dataset.id).exists()
    assert len(list(class_folders.rglob("*.png"))) == 60
    assert runs.get_run(store, run_id).dataset_name == dataset.name
    again = add_dataset(store, workspace, class_folders)
    assert scan_dataset(store, workspace, again)[1]["usable"] == 60


def test_removing_imported_pictures_deletes_them(store, workspace, class_folders):
    dataset = add_dataset(store, workspace, zip_of(class_folders))
    scan_dataset(store, workspace, dataset)
    remove_dataset(store, dataset.id)
    Scheduler(workspace, store).step()
    assert not dataset.location.exists()
    assert datasets.removed_datasets(store) == []


def test_a_set_added_again_right_after_its_removal_is_new(store, workspace, dataset, class_folders):
    correct(store, workspace, dataset, ["red/000.png"], Edit.EXCLUDE)
    remove_dataset(store, dataset.id)
    again = add_dataset(store, workspace, class_folders)  # a scheduler deletes meanwhile
    assert again.summary is None
    index, _ = scan_dataset(store, workspace, again)
    assert len(index.usable) == 60
    assert index.excluded == frozenset()


def test_a_renamed_builtin_set_is_still_drawn_and_scanned(store, workspace):
    dataset = add_dataset(store, workspace, "builtin:digits")
    rename_dataset(store, dataset.id, "my digits")
    index, _ = scan_dataset(store, workspace, get_dataset(store, dataset.id))
    assert len(index.class_names) == 10


def test_what_is_new_and_refused_is_not_kept(store, workspace, class_folders, tmp_path):
    (tmp_path / "empty").mkdir()
    archive = tmp_path / "broken.zip"
    archive.write_bytes(b"no zip")
    for place in (tmp_path / "empty", archive):
        with pytest.raises(DatasetError):
            scan_place(store, workspace, str(place))
    assert list_datasets(store) == []
    assert datasets.removed_datasets(store) == []
    dataset, *_ = scan_place(store, workspace, str(class_folders))
    class_folders.rename(tmp_path / "elsewhere")
    with pytest.raises(DatasetError):  # a known one stays
        scan_place(store, workspace, dataset.id)
    assert [each.id for each in list_datasets(store)] == [dataset.id]


def test_an_upload_survives_a_stop_and_is_unpacked_the_next_time(store, workspace, class_folders):
    dataset = add_imported(store, workspace, "my set", Source.ARCHIVE, "set.zip")
    incoming = workspace.incoming_file(dataset.id)
    incoming.parent.mkdir()
    shutil.move(zip_of(class_folders), incoming)

    def stop(*_):
        raise jobs.JobStopped

    with pytest.raises(jobs.JobStopped):
        scan_dataset(store, workspace, dataset, stop)
    assert incoming.exists()
    assert not dataset.location.exists()
    assert scan_dataset(store, workspace, dataset)[1]["usable"] == 60


def test_a_lost_upload_is_not_replaced_by_a_file_of_its_name(
    store, workspace, class_folders, tmp_path, monkeypatch
):
    dataset = add_imported(store, workspace, "pets", Source.ARCHIVE, "pets.zip")
    shutil.move(zip_of(class_folders), tmp_path / "pets.zip")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DatasetError) as refused:
        scan_dataset(store, workspace, dataset)
    assert refused.value.reason == "missing-path"


def test_a_scan_asked_for_during_a_scan_comes_after_it(store, dataset):
    first = jobs.submit_job(store, JobKind.SCAN, dataset.id)
    assert jobs.submit_job(store, JobKind.SCAN, dataset.id) == first
    assert jobs.claim(store, first, ProcessIdentity(1, 1.0))
    second = jobs.submit_job(store, JobKind.SCAN, dataset.id)
    assert second > first
    assert jobs.submit_job(store, JobKind.SCAN, dataset.id) == second


def test_pictures_of_one_name_put_by_several_at_once_are_all_kept(store, workspace, class_folders):
    dataset = make_set(store, workspace, "cups", ["cup", "glass"])
    content = (class_folders / "red" / "000.png").read_bytes()

    def put(_number):
        return put_pictures(workspace, dataset, "cup", [("same.png", BytesIO(content))])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(40)))
    assert len(list((dataset.location / "cup").iterdir())) == 40


def test_pictures_go_into_an_existing_class_whatever_its_name(store, workspace, class_folders):
    dataset = make_set(store, workspace, "cups", ["cup", "glass"])
    (dataset.location / "big  cups").mkdir()
    content = BytesIO((class_folders / "red" / "000.png").read_bytes())
    put_pictures(workspace, dataset, "big  cups", [("one.png", content)])
    assert sorted(p.name for p in dataset.location.iterdir()) == ["big  cups", "cup", "glass"]


def test_a_scan_job_is_followed_by_an_audit(store, workspace, dataset):
    from cnnlab.worker import work

    job_id = jobs.submit_job(store, JobKind.SCAN, dataset.id)
    jobs.claim(store, job_id, ProcessIdentity(1, 1.0))
    work(workspace, job_id, own_process=False)
    audit = jobs.latest_job(store, JobKind.AUDIT, dataset.id)
    assert audit is not None
    assert audit.state is RunState.QUEUED


def test_a_store_of_the_first_version_is_brought_up_to_date(workspace, class_folders):
    store = open_store(workspace)
    dataset = add_dataset(store, workspace, class_folders)
    run_id = runs.submit_run(store, dataset.id, RunConfig(recipe="quick"))
    store.close()
    with sqlite3.connect(workspace.store_file) as plain:  # as the first version left it
        plain.execute("DROP TABLE corrections")
        for table in ("recipes", "sweep_trials", "sweeps"):
            plain.execute(f"DROP TABLE {table}")
        for table, column in (
            ("datasets", "removed_at"),
            ("datasets", "origin"),
            ("jobs", "parameters"),
            ("runs", "continues"),
            ("runs", "sweep_id"),
        ):
            plain.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        plain.execute("UPDATE meta SET value = '1' WHERE name = 'version'")
    plain.close()
    store = open_store(workspace)
    assert store.version() == SCHEMA_VERSION
    assert [each.id for each in list_datasets(store)] == [dataset.id]
    assert runs.get_run(store, run_id).job.parameters == {}
    scan_dataset(store, workspace, dataset)
    correct(store, workspace, dataset, ["red/000.png"], Edit.EXCLUDE)
    assert len(load_index(store, workspace, dataset).usable) == 59
    store.close()


def test_data_sets_are_listed_newest_first(store, workspace, class_folders, tmp_path):
    first = add_dataset(store, workspace, class_folders)
    time.sleep(0.01)
    (tmp_path / "second").mkdir()
    second = add_dataset(store, workspace, tmp_path / "second")
    assert [each.id for each in list_datasets(store)] == [second.id, first.id]

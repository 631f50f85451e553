"""A store of an older version is brought up to date once, with everything in it."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from cnnlab.datasets.edits import Edit
from cnnlab.runs.corrections import correct
from cnnlab.runs.datasets import get_dataset, list_datasets
from cnnlab.runs.runs import list_runs
from cnnlab.runs.scans import scan_dataset
from cnnlab.runs.schema import SCHEMA_VERSION, metadata
from cnnlab.runs.store import Store, open_store

VERSION_1 = """
CREATE TABLE meta (name VARCHAR(40) NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name));
CREATE TABLE datasets (
    id VARCHAR(80) NOT NULL, name TEXT NOT NULL, source VARCHAR(20) NOT NULL,
    location TEXT NOT NULL, created_at FLOAT NOT NULL, scanned_at FLOAT, summary JSON,
    PRIMARY KEY (id), UNIQUE (location));
CREATE TABLE jobs (
    id INTEGER NOT NULL, kind VARCHAR(20) NOT NULL, state VARCHAR(20) NOT NULL,
    dataset_id VARCHAR(80) NOT NULL, run_id VARCHAR(160), created_at FLOAT NOT NULL,
    started_at FLOAT, finished_at FLOAT, stop_requested_at FLOAT, process_id INTEGER,
    process_started_at FLOAT, progress JSON, reason VARCHAR(40), message TEXT, PRIMARY KEY (id));
CREATE INDEX jobs_by_state ON jobs (state);
CREATE TABLE runs (
    id VARCHAR(160) NOT NULL, dataset_id VARCHAR(80) NOT NULL, job_id INTEGER NOT NULL,
    recipe VARCHAR(120) NOT NULL, config JSON NOT NULL, created_at FLOAT NOT NULL,
    delete_requested_at FLOAT, results JSON, PRIMARY KEY (id),
    FOREIGN KEY(dataset_id) REFERENCES datasets (id), FOREIGN KEY(job_id) REFERENCES jobs (id));
CREATE INDEX runs_by_dataset ON runs (dataset_id);
CREATE TABLE epochs (
    run_id VARCHAR(160) NOT NULL, epoch INTEGER NOT NULL, metrics JSON NOT NULL,
    PRIMARY KEY (run_id, epoch), FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE);
CREATE TABLE events (
    id INTEGER NOT NULL, run_id VARCHAR(160) NOT NULL, at FLOAT NOT NULL,
    level VARCHAR(10) NOT NULL, message TEXT NOT NULL, PRIMARY KEY (id),
    FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE);
CREATE INDEX events_by_run ON events (run_id);
INSERT INTO meta VALUES ('version', '1');
"""


@pytest.fixture
def old_workspace(workspace, class_folders):
    """A workspace as the first version of the store left it: a data set and a run."""
    connection = sqlite3.connect(workspace.store_file)
    connection.executescript(VERSION_1)
    connection.execute(
        "INSERT INTO datasets VALUES ('colours-1', 'colours', 'folder', ?, 1.0, 2.0, ?)",
        (str(class_folders), '{"images": 60, "usable": 60, "classes": {"red": 60}}'),
    )
    connection.execute(
        "INSERT INTO jobs (id, kind, state, dataset_id, run_id, created_at) "
        "VALUES (7, 'train', 'completed', 'colours-1', 'quick-1', 3.0)"
    )
    connection.execute(
        "INSERT INTO runs (id, dataset_id, job_id, recipe, config, created_at, results) "
        "VALUES ('quick-1', 'colours-1', 7, 'quick', ?, 3.0, '{\"epochs\": 3}')",
        ('{"recipe": "quick"}',),
    )
    connection.commit()
    connection.close()
    return workspace


def columns(store: Store) -> dict[str, set[str]]:
    with store.read() as connection:
        return {
            table: {
                row[1] for row in connection.exec_driver_sql(f"PRAGMA table_info({table})").all()
            }
            for table in metadata.tables
        }


def test_an_older_store_keeps_its_data_sets_and_runs(old_workspace):
    store = open_store(old_workspace)
    assert store.version() == SCHEMA_VERSION
    (dataset,) = list_datasets(store)
    assert (dataset.id, dataset.summary["usable"], dataset.fingerprint) == ("colours-1", 60, None)
    (run,) = list_runs(store)
    assert (run.id, run.job.id, run.results["epochs"]) == ("quick-1", 7, 3)
    store.close()


def test_an_older_store_has_every_column_of_a_new_one(old_workspace, tmp_path):
    from cnnlab.workspace import open_workspace

    old, new = open_store(old_workspace), open_store(open_workspace(tmp_path / "new"))
    assert columns(old) == columns(new)
    old.close()
    new.close()


def test_what_is_new_works_in_an_older_store(old_workspace):
    store = open_store(old_workspace)
    dataset = get_dataset(store, "colours-1")
    scan_dataset(store, old_workspace, dataset)
    correct(store, old_workspace, dataset, ["red/000.png"], Edit.EXCLUDE)
    assert get_dataset(store, "colours-1").summary["usable"] == 59
    store.close()


def test_several_that_open_an_older_store_at_once_migrate_it_once(old_workspace):
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: open_store(old_workspace), range(6)))
    assert {store.version() for store in stores} == {SCHEMA_VERSION}
    assert all(len(list_runs(store)) == 1 for store in stores)
    for store in stores:
        store.close()

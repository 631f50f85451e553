"""Tables of the store."""

from sqlalchemy import (
    JSON,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

SCHEMA_VERSION = 4

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("name", Text, nullable=False),
    Column("source", String(20), nullable=False),  # a value of runs.sources.Source
    Column("location", Text, nullable=False, unique=True),
    Column("created_at", Float, nullable=False),  # seconds since 1970, UTC
    Column("scanned_at", Float),
    Column("summary", JSON),  # counts of the last scan, corrections applied
    Column("removed_at", Float),  # no longer shown; the scheduler deletes its files
    Column("origin", Text),  # where imported pictures came from
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", Integer, primary_key=True),  # later ones win
    Column("dataset_id", String(80), ForeignKey("datasets.id"), nullable=False),
    Column("step", Integer, nullable=False),  # what was done, and is undone, at once
    Column("at", Float, nullable=False),
    Column("path", Text, nullable=False),
    Column("content_hash", String(64), nullable=False),  # of the picture that was looked at
    Column("edit", String(20), nullable=False),  # exclude | relabel | restore
    Column("class_name", Text),
    Index("corrections_by_dataset", "dataset_id"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),  # the order of the queue
    Column("kind", String(20), nullable=False),
    Column("state", String(20), nullable=False),
    Column("dataset_id", String(80), nullable=False),
    Column("run_id", String(160)),
    Column("parameters", JSON),  # what its kind needs to know
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
    Column("stop_requested_at", Float),
    Column("process_id", Integer),
    Column("process_started_at", Float),  # a process id alone is reused by the system
    Column("progress", JSON),
    Column("reason", String(40)),
    Column("message", Text),
    Index("jobs_by_state", "state"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(160), primary_key=True),
    Column("dataset_id", String(80), ForeignKey("datasets.id"), nullable=False),
    Column("job_id", Integer, ForeignKey("jobs.id"), nullable=False),  # whose state is the run's
    Column("recipe", String(120), nullable=False),
    Column("config", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("delete_requested_at", Float),
    Column("results", JSON),  # filled once, at the end
    Column("continues", String(160)),  # the run whose last checkpoint it started from
    Column("sweep_id", String(160)),  # the sweep that it is a trial of
    Index("runs_by_dataset", "dataset_id"),
)

sweeps = Table(
    "sweeps",
    metadata,
    Column("id", String(160), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("dataset_id", String(80), ForeignKey("datasets.id"), nullable=False),
    Column("plan", JSON, nullable=False),
    Column("state", String(20), nullable=False),
    Column("wanted", Integer, nullable=False),  # trials
    Column("created_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("message", Text),
    Column("delete_requested_at", Float),
)

sweep_trials = Table(
    "sweep_trials",
    metadata,
    Column("sweep_id", String(160), ForeignKey("sweeps.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),  # from 0, as in the sweep's study
    Column("run_id", String(160)),  # none where no network can be made
    Column("fields", JSON, nullable=False),  # the values that make this trial
    Column("state", String(20), nullable=False),
    Column("results", JSON),  # one number for each objective
    Column("begun_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("message", Text),
)

epochs = Table(
    "epochs",
    metadata,
    Column("run_id", String(160), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    Column("epoch", Integer, primary_key=True),  # from 1
    Column("metrics", JSON, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", String(160), ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("at", Float, nullable=False),
    Column("level", String(10), nullable=False),  # info | warning
    Column("message", Text, nullable=False),
    Index("events_by_run", "run_id"),
)

recipes = Table(
    "recipes",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("summary", Text, nullable=False),
    Column("class_count", Integer, nullable=False),
    Column("config", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
)

_CHANGES = {
    2: (
        "ALTER TABLE datasets ADD COLUMN removed_at FLOAT",
        "ALTER TABLE datasets ADD COLUMN origin TEXT",
        "ALTER TABLE jobs ADD COLUMN parameters JSON",
    ),
    3: ("ALTER TABLE runs ADD COLUMN continues VARCHAR(160)",),
    4: ("ALTER TABLE runs ADD COLUMN sweep_id VARCHAR(160)",),
}
"""For each version, what changes in the tables of the one before; new tables come by themselves."""


def statements_since(version: int) -> list[str]:
    """What brings the tables of an older version up to date, in order."""
    return [
        statement
        for number in sorted(_CHANGES)
        if number > version
        for statement in _CHANGES[number]
    ]

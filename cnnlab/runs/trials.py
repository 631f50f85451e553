"""Trials before a training: a few steps for time and memory, or the search for a learning rate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from cnnlab.config import RunConfig, TrainingConfig, change_config, parse_config
from cnnlab.runs import jobs
from cnnlab.runs.jobs import Job
from cnnlab.runs.schema import jobs as jobs_table
from cnnlab.runs.states import JobKind, RunState
from cnnlab.runs.store import Store

RESULT = "result"


class Question(StrEnum):
    """What a trial is to answer."""

    PACE = "pace"  # how long, how much memory, which precision
    RATE = "rate"  # which learning rate


@dataclass(frozen=True, slots=True)
class TrialRequest:
    """A question about a training that has not begun."""

    question: Question
    config: RunConfig

    @classmethod
    def about(cls, question: Question, config: RunConfig) -> TrialRequest:
        """The same request for all configurations that have the same answer."""
        usual = TrainingConfig()
        changes: dict[str, Any] = {
            "training.learning_rate": usual.learning_rate,
            "training.schedule": usual.schedule.value,
            "training.early_stopping": False,
            "training.tensorboard": False,
            "training.log_name": None,
        }
        if question is Question.RATE:
            changes["training.epochs"] = usual.epochs
        changed = change_config(config, changes)
        return cls(question, changed.model_copy(update={"recipe": "trial"}))

    def to_json(self) -> dict[str, Any]:
        """As a job's parameters."""
        return {"question": self.question.value, "config": json.loads(self.config.to_json())}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> TrialRequest:
        """Read what `to_json` made.

        Raises:
            ConfigError: If the configuration is not allowed.
        """
        return cls(Question(document["question"]), parse_config(document["config"]))


def submit_trial(store: Store, dataset_id: str, request: TrialRequest) -> int:
    """Ask for a trial; returns the job's id."""
    return jobs.submit_job(store, JobKind.TRIAL, dataset_id, request.to_json())


def latest_trial(store: Store, dataset_id: str, request: TrialRequest) -> Job | None:
    """The newest job that asks exactly this, whatever its state."""
    query = (
        select(jobs_table.c.id, jobs_table.c.parameters)
        .where(jobs_table.c.kind == JobKind.TRIAL, jobs_table.c.dataset_id == dataset_id)
        .order_by(jobs_table.c.id.desc())
        .limit(50)
    )
    with store.read() as connection:
        rows = connection.execute(query).all()
    wanted = request.to_json()
    found = next((row.id for row in rows if row.parameters == wanted), None)
    return None if found is None else jobs.get_job(store, found)


def trial_result(job: Job) -> Mapping[str, Any] | None:
    """What a trial found out; None before its end."""
    if job.state is not RunState.COMPLETED:
        return None
    result: Mapping[str, Any] | None = job.progress.get(RESULT)
    return result

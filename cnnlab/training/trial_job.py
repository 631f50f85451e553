"""Carries out one job of kind "trial"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from cnnlab.config import Precision
from cnnlab.datasets.splits import Split
from cnnlab.progress import PhaseProgress
from cnnlab.runs import jobs
from cnnlab.runs.datasets import get_dataset
from cnnlab.runs.jobs import Job, JobStopped
from cnnlab.runs.states import RunState
from cnnlab.runs.store import Store
from cnnlab.runs.trials import RESULT, Question, TrialRequest
from cnnlab.training.batches import Labelled
from cnnlab.training.callbacks import StopRequested
from cnnlab.training.memory import not_enough_memory, require_memory
from cnnlab.training.preparing import PreparedData, bring_weights, prepare_data
from cnnlab.training.rate_finder import find_rate
from cnnlab.training.stages import Stages
from cnnlab.training.trial import try_steps
from cnnlab.workspace import Workspace


def carry_out(store: Store, workspace: Workspace, job: Job) -> None:
    """Answer a trial's question and leave the answer with the job.

    Raises:
        JobStopped: If the user has asked to stop.
        CnnlabError: If it fails for a reason that has a name.
    """
    request = TrialRequest.from_json(job.parameters)
    config = request.config
    report = jobs.reporter(store, job.id)

    def stop_requested() -> bool:
        return jobs.get_job(store, job.id).state is not RunState.RUNNING

    dataset = get_dataset(store, job.dataset_id)
    data = prepare_data(store, workspace, dataset, config, report, stop_requested)
    weights = bring_weights(config, report)
    require_memory(config, data.describe(config), len(data.images[Split.TRAIN]))
    stages = Stages(store, workspace, config, data, weights, report)
    report("trying a few steps", 0, 0)
    try:
        result = _answer(request, stages, data, stop_requested, report)
    except StopRequested as error:
        raise JobStopped from error
    except tf.errors.ResourceExhaustedError as error:
        pictures = len(data.images[Split.TRAIN])
        raise not_enough_memory(config, data.describe(config), pictures) from error
    jobs.report(store, job.id, {"phase": "done", RESULT: result})


def _answer(
    request: TrialRequest,
    stages: Stages,
    data: PreparedData,
    stop_requested: Callable[[], bool],
    report: PhaseProgress,
) -> dict[str, Any]:
    config = request.config
    images: Mapping[Split, Labelled] = stages.images()
    if request.question is Question.PACE:
        prediction = try_steps(
            config,
            images,
            data.class_count,
            stages.build_main,
            stop_requested=stop_requested,
            progress=lambda done, total: report("trying a few steps", done, total),
        )
        return prediction.to_json()
    precision = config.training.precision
    found = find_rate(
        stages.build_main(Precision.FLOAT32 if precision is Precision.AUTO else precision),
        config,
        images[Split.TRAIN],
        data.class_count,
        progress=lambda done, total: report("raising the learning rate", done, total),
    )
    return found.to_json()

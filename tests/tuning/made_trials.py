"""Trials that were never trained, for tests of what is made of them."""

from cnnlab.networks.recipes import recipe
from cnnlab.tuning.plan import SweepPlan, parse_plan
from cnnlab.tuning.records import Trial, TrialState

BASE = recipe("conv-grid(2,64,1)").config
SPACE = {
    "network.layer_size": [32, 64, 128],
    "training.learning_rate": {"low": 1e-4, "high": 1e-1, "log": True},
    "training.optimizer": ["adam", "sgd"],
}
RATES = (1e-4, 1e-3, 1e-2, 1e-1)


def plan_of(space=SPACE, **options) -> SweepPlan:
    return parse_plan({"base": BASE.model_dump(mode="json"), "space": space, **options})


def trial(number: int, results: tuple[float, ...] | None, **changes) -> Trial:
    fields = {
        "network.layer_size": (32, 64, 128)[number % 3],
        "training.learning_rate": RATES[number % 4],
        "training.optimizer": "adam" if number % 2 else "sgd",
    }
    said = {
        "number": number,
        "run_id": f"run-{number}",
        "fields": fields,
        "state": TrialState.COMPLETED if results else TrialState.PRUNED,
        "results": results,
        "begun_at": 1000.0 + 60 * number,
        "finished_at": 1060.0 + 60 * number,
        "message": None if results else "Pruned after epoch 1.",
    }
    return Trial(**{**said, **changes})

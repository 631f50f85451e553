"""How well a network's rule tells its own pictures from others, on two folders.

    python -m benchmarks.rejection --workspace W --run RUN --known FOLDER --strange FOLDER

The known folder holds pictures of the network's classes that it was not trained on, such as test
pictures. Printed are the shares that the rule keeps and lets through at the threshold that was
fitted at the end of the training, and those at the threshold that keeps 95 % of the known pictures;
beside them the same for the highest probability alone.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnlab.datasets.photos import photos_at
from cnnlab.errors import RunError
from cnnlab.evaluation.rejection import KEPT
from cnnlab.inference.classify import classify
from cnnlab.inference.model import LiteModel, load_model
from cnnlab.workspace import RunFiles, open_workspace


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--known", type=Path, required=True)
    parser.add_argument("--strange", type=Path, required=True)
    options = parser.parse_args()
    model = load_model(RunFiles(open_workspace(options.workspace).run_folder(options.run)))
    if model.rule is None:
        raise RunError("no-rule", f"The run {options.run!r} has no rule for unknown pictures.")
    known, strange = measured(model, options.known), measured(model, options.strange)
    fitted = model.rule.rejection.threshold
    print(
        json.dumps(
            {
                "run": options.run,
                "known_pictures": len(known[0]),
                "strange_pictures": len(strange[0]),
                "fitted_threshold": {
                    "known_kept": share(known[0] <= fitted),
                    "strange_accepted": share(strange[0] <= fitted),
                },
                "at_95_percent_kept": {
                    name: share(strange[place] <= np.quantile(known[place], KEPT))
                    for place, name in enumerate(("rule", "highest_probability"))
                },
            },
            indent=2,
        )
    )


def measured(model: LiteModel, folder: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each readable picture its strangeness, and its highest probability turned round."""
    answers = [
        (answer.verdict.strangeness, -float(answer.probabilities.max()))
        for answer in classify(model, photos_at([folder]))
        if answer.verdict is not None and answer.probabilities is not None
    ]
    rows = np.array(answers, dtype=np.float64)
    return rows[:, 0], rows[:, 1]


def share(chosen: NDArray[np.bool_]) -> float:
    return round(float(chosen.mean()), 4)


if __name__ == "__main__":
    main()

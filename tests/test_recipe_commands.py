"""Own recipes on the command line."""

import pytest

from cnnlab.runs import runs
from cnnlab.runs.own_recipes import find_recipe
from cnnlab.runs.store import open_store
from tests.test_cli import call, document


def names(place) -> list[str]:
    return [row["name"] for row in document(call("recipes", "--json", workspace=place))]


def test_a_run_becomes_an_own_recipe_that_is_listed_trained_with_and_deleted(trained):
    place, dataset_id, run_id = trained
    saved = call("recipes", "save", "mine", "--run", run_id, workspace=place)
    assert saved.returncode == 0, saved.stderr
    assert "cnnlab train --recipe mine" in saved.stdout
    rows = document(call("recipes", "list", "--json", workspace=place))
    (own,) = [row for row in rows if row.get("own")]
    assert own["name"] == "mine"
    assert own["summary"] == f"Configuration of {run_id}."
    assert own["parameters"]["total"] > 0
    assert "(own)" in call("recipes", workspace=place).stdout
    store = open_store(place)
    config = runs.get_run(store, run_id).config
    assert find_recipe(store, "mine").config.training == config.training

    # It is found, so that only its field is refused.
    refused = call(
        *("train", "--data", dataset_id, "--recipe", "mine", "--set", "training.learning_rate=0"),
        workspace=place,
    )
    assert refused.returncode == 2
    assert "training.learning_rate: should be greater than 0" in refused.stderr

    gone = document(call("recipes", "delete", "mine", "--json", workspace=place))
    assert gone == {"recipe": "mine", "deleted": True}
    assert "mine" not in names(place)


def test_overwriting_needs_its_word(trained):
    place, _, run_id = trained
    save = ("recipes", "save", "mine", "--run", run_id)
    assert call(*save, workspace=place).returncode == 0
    again = call(*save, workspace=place)
    assert again.returncode == 2
    assert again.stderr.startswith("recipe-exists: ")
    assert document(call(*save, "--overwrite", "--json", workspace=place)) == {
        "recipe": "mine",
        "saved": True,
    }


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("save", "quick", "--run", "{run}"), 2, "built-in"),
        (("save", "a b", "--run", "{run}"), 2, "letters"),
        (("save", "mine", "--run", "nothing"), 1, "unknown-run"),
        (("delete", "quick"), 2, "no own recipe"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(trained, words, status, says):
    place, _, run_id = trained
    result = call("recipes", *(word.format(run=run_id) for word in words), workspace=place)
    assert result.returncode == status
    assert says in result.stderr
    assert "Traceback" not in result.stderr

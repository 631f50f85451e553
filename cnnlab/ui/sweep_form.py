"""The form for a new sweep on the Tune page."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from cnnlab.config import RunConfig
from cnnlab.errors import CnnlabError, ConfigError
from cnnlab.figures.sweep_words import objective_title
from cnnlab.figures.text import escape_markdown
from cnnlab.networks.description import describe
from cnnlab.runs.datasets import Dataset
from cnnlab.tuning.plan import (
    MOST_TRIALS,
    Objective,
    PrunerName,
    SamplerName,
    SweepPlan,
    can_prune,
)
from cnnlab.tuning.planning import make_plan
from cnnlab.tuning.presets import PRESETS, Preset
from cnnlab.tuning.records import Sweep
from cnnlab.tuning.steering import trials_at_once
from cnnlab.tuning.sweeps import submit_sweep
from cnnlab.ui import context, frame, train, training_fields
from cnnlab.ui.address import go
from cnnlab.ui.addressed import choose_one, whole_number, write_text
from cnnlab.ui.choices import DATA, SWEEP
from cnnlab.ui.draft import draft_of
from cnnlab.ui.fields import Fields
from cnnlab.ui.space_fields import SPACE, Document, edit_space
from cnnlab.ui.starts import FROM, RECIPE, SET, choose_start
from cnnlab.ui.trials import try_steps

SAMPLER, TRIALS, OBJECTIVE, SECOND, PRUNING, NAME = (
    "sampler",
    "trials",
    "objective",
    "second",
    "pruning",
    "name",
)
_SAMPLERS = {
    SamplerName.TPE: "TPE: more often where results were good",
    SamplerName.GRID: "grid: every combination",
    SamplerName.RANDOM: "random",
}
_PRUNERS = {
    PrunerName.NONE: "no: train every trial to its end",
    PrunerName.HALVING: "halving: only the best third goes on",
    PrunerName.MEDIAN: "median: ends the worse half",
}
_USUAL_TRIALS = 12
_CHECKED = 300  # combinations whose networks are looked at before the start


def show(dataset: Dataset) -> None:
    """Draw the form."""
    st.subheader("A new search")
    _ready_made(dataset)
    common, varying = st.columns([2, 3], gap="large")
    with common:
        st.markdown("**What the trials have in common**")
        recipe = choose_start(addressed=True)
        fields = Fields(recipe.name, recipe.config, dataset.id)
        draft = draft_of(fields)
        training_fields.epochs_field(fields)
    with st.expander("Everything else that they have in common", icon=":material/settings:"):
        network_tab, training_tab, pictures_tab = st.tabs(["Network", "Training", "Pictures"])
        with pictures_tab:
            train.pictures_panel(fields, train.class_names_of(dataset))
        with training_tab:
            train.training_panel(fields, with_backbone=draft.network.backbone is not None)
    with common:
        base = train.changed_config(recipe, fields)
    if base is None:
        return
    class_count = len((dataset.summary or {}).get("classes", ())) or recipe.class_count
    with network_tab:
        train.network_panel(fields, draft, base, class_count)
    with varying:
        st.markdown("**What varies**")
        document = edit_space(base)
        options = _search_options()
    plan = _plan(base, document, options)
    if plan is not None and not _facts(plan, class_count):
        plan = None
    if plan is not None:
        with st.expander("How long will it take?", icon=":material/timer:"):
            try_steps(dataset, plan.base, trainings=plan.trials)
    _start(dataset, plan, options)


def again(sweep: Sweep, run_id: str) -> dict[str, Any]:
    """What the address asks for to fill the form with what a sweep did.

    Args:
        sweep: The sweep.
        run_id: One of its runs, which has what the trials have in common.
    """
    plan = sweep.plan
    return {
        DATA: sweep.dataset_id,
        FROM: run_id,
        SPACE: json.dumps(dict(plan.space), separators=(",", ":")),
        SAMPLER: plan.sampler.value,
        TRIALS: str(sweep.wanted),
        OBJECTIVE: plan.objective.value,
        SECOND: plan.objectives[1].value if len(plan.objectives) > 1 else "",
        PRUNING: plan.pruner.value,
        NAME: sweep.name,
    }


def _ready_made(dataset: Dataset) -> None:
    with st.expander("Ready-made searches", icon=":material/auto_awesome:"):
        for preset in PRESETS.values():
            with st.container(horizontal=True, vertical_alignment="center"):
                if st.button(preset.name, key=f"preset-{preset.name}"):
                    go(frame.TUNE, **_link(preset, dataset))
                st.caption(f"{preset.question} {preset.trials} trials of {preset.recipe}.")


def _link(preset: Preset, dataset: Dataset) -> dict[str, Any]:
    """What the address asks for to fill the form with a ready-made sweep."""
    return {
        DATA: dataset.id,
        RECIPE: preset.recipe,
        SET: [f"{name}={json.dumps(value)}" for name, value in preset.changes.items()],
        SPACE: json.dumps(dict(preset.space), separators=(",", ":")),
        SAMPLER: preset.sampler.value,
        TRIALS: str(preset.trials),
        OBJECTIVE: preset.objective.value,
        PRUNING: preset.pruner.value,
        NAME: preset.name,
    }


def _search_options() -> dict[str, Any]:
    """How it is searched, and for what."""
    titles = {objective.value: objective_title(objective) for objective in Objective}
    left, right = st.columns(2)
    with left:
        objective = choose_one("Best by", OBJECTIVE, titles)
    with right:
        others = {value: title for value, title in titles.items() if value != objective}
        second = choose_one(
            "and by",
            SECOND,
            {"": "nothing else", **others},
            hint="Two objectives show the trade-off, such as accuracy against size",
        )
    objectives = [objective, second] if second else [objective]
    left, right = st.columns(2)
    with left:
        sampler = choose_one("Search", SAMPLER, {each.value: _SAMPLERS[each] for each in _SAMPLERS})
    with right:
        pruner = choose_one(
            "End trials early",
            PRUNING,
            {each.value: _PRUNERS[each] for each in _pruners(objectives)},
            hint="Trials can be ended early by one figure that is known after each epoch",
        )
    trials = MOST_TRIALS
    if sampler != SamplerName.GRID:
        trials = whole_number("Trials", TRIALS, least=1, most=MOST_TRIALS, default=_USUAL_TRIALS)
    name = write_text("Name", NAME, placeholder="for people; the recipe's name by default")
    return {
        "sampler": sampler,
        "pruner": pruner,
        "objectives": objectives,
        "trials": trials,
        "name": name,
    }


def _pruners(objectives: list[str]) -> list[PrunerName]:
    """How trials can be ended early by these objectives."""
    return list(_PRUNERS) if can_prune([*map(Objective, objectives)]) else [PrunerName.NONE]


def _plan(base: RunConfig, document: Document | None, options: dict[str, Any]) -> SweepPlan | None:
    """The plan, or None where something is missing or wrong, which is then said."""
    if document is None:
        st.caption("Something is wrong with the values of a field above.")
        return None
    if not document:
        st.info("Choose at least one field that varies.", icon=":material/tune:")
        return None
    chosen = {name: value for name, value in options.items() if name != "name"}
    try:
        return make_plan(context.store(), base, document, **chosen)
    except ConfigError as error:
        st.error(escape_markdown(error.message), icon=":material/error:")
        return None


def _facts(plan: SweepPlan, class_count: int) -> bool:
    """How many trials there will be, how many of them make no network; False if none makes one."""
    combinations = plan.search_space.combinations
    words = [f"{plan.trials:,} {'trial' if plan.trials == 1 else 'trials'}"]
    if combinations is not None:
        words.append(f"{combinations:,} combinations")
    at_once = trials_at_once(plan.at_once)
    words.append(f"{at_once} at a time" if at_once > 1 else "one at a time")
    if "training.epochs" not in plan.space:
        words.append(f"{plan.base.training.epochs * plan.trials:,} epochs at most")
    st.caption(" · ".join(words))
    if combinations is None or combinations > _CHECKED:
        return True
    refused = _refusals(plan, class_count)
    if len(refused) == combinations:
        st.error(
            escape_markdown(f"No combination makes a network. The first one: {refused[0]}"),
            icon=":material/error:",
        )
        return False
    if refused:
        st.warning(
            escape_markdown(
                f"{len(refused)} of {combinations} combinations make no network and are "
                f"skipped. The first one: {refused[0]}"
            ),
            icon=":material/warning:",
        )
    return True


def _refusals(plan: SweepPlan, class_count: int) -> list[str]:
    refused = []
    for values in plan.search_space.grid():
        try:
            config = plan.config_of(values)
            describe(config.network, config.data.picture_shape, class_count)
        except CnnlabError as error:
            refused.append(error.message)
    return refused


def _start(dataset: Dataset, plan: SweepPlan | None, options: dict[str, Any]) -> None:
    if (
        st.button(
            "Start the search",
            type="primary",
            icon=":material/play_arrow:",
            disabled=plan is None,
            width="stretch",
        )
        and plan is not None
    ):
        sweep_id = submit_sweep(context.store(), dataset.id, plan, name=options["name"])
        go(frame.TUNE, **{SWEEP: sweep_id})

"""From what a user asks for to the plan of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnnlab.config import RunConfig
from cnnlab.errors import ConfigError
from cnnlab.runs.own_recipes import find_recipe
from cnnlab.runs.store import Store
from cnnlab.tuning.plan import SweepPlan, parse_plan
from cnnlab.tuning.space import RECIPE


def make_plan(store: Store, base: RunConfig, space: Mapping[str, Any], **options: Any) -> SweepPlan:
    """Check what was asked for, and make a plan of it.

    Args:
        store: Where own recipes are.
        base: What the trials have in common.
        space: Document of the search space.
        options: Other fields of `SweepPlan`; those that are None have their default.

    Raises:
        ConfigError: If a field or a recipe does not exist, or a value breaks a rule.
    """
    networks = {}
    names = space.get(RECIPE, [])
    if isinstance(names, list):
        for name in names:
            if not isinstance(name, str):
                raise ConfigError(f"{RECIPE}: give names of recipes. Received: {name!r}")
            network = find_recipe(store, name).config.network
            networks[name] = network.model_dump(mode="json")
    return parse_plan(
        {
            "base": base.model_dump(mode="json"),
            "space": dict(space),
            "networks": networks,
            **{name: value for name, value in options.items() if value is not None},
        }
    )

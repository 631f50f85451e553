"""Recipes that a user has saved in the workspace, beside those that come with cnnlab."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from cnnlab.config import RunConfig, change_config, parse_assignments, parse_config
from cnnlab.errors import ConfigError
from cnnlab.networks import recipes as built_in
from cnnlab.networks.description import describe
from cnnlab.networks.recipe import Recipe
from cnnlab.runs.schema import recipes
from cnnlab.runs.store import Store

LONGEST_NAME = 80

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def check_name(name: str) -> str:
    """Return a name that an own recipe may have, without blanks around it.

    Raises:
        ConfigError: If it has other characters, is too long, or is that of a built-in recipe.
    """
    name = name.strip()
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise ConfigError(
            f"a recipe's name has 1 to {LONGEST_NAME} letters from a to z, digits, - and _, and "
            f"begins with a letter or a digit. Received: {name[:100]!r}"
        )
    if name.lower() in built_in.RECIPES:
        raise ConfigError(
            f"an own recipe needs another name than the built-in ones. Received: {name!r}"
        )
    return name


def save_recipe(
    store: Store,
    name: str,
    config: RunConfig,
    *,
    summary: str = "",
    class_count: int = 2,
    overwrite: bool = False,
) -> Recipe:
    """Keep a configuration under a name.

    Args:
        store: Of the workspace.
        name: Letters, digits, - and _.
        config: What to keep; the recipe's name becomes part of it.
        summary: What it is, one sentence.
        class_count: Classes of the data that it was made for.
        overwrite: Take the place of an own recipe of this name.

    Raises:
        ConfigError: If the name is not allowed, or taken and `overwrite` is false.
    """
    name = check_name(name)
    config = config.model_copy(update={"recipe": name})
    values = {
        "summary": summary,
        "class_count": class_count,
        "config": json.loads(config.to_json()),
        "created_at": time.time(),
    }
    with store.write() as connection:
        known = connection.execute(select(recipes.c.name).where(recipes.c.name == name)).first()
        if known is None:
            connection.execute(insert(recipes).values(name=name, **values))
        elif overwrite:
            connection.execute(update(recipes).where(recipes.c.name == name).values(**values))
        else:
            raise ConfigError(
                f"there is an own recipe {name!r} already. Overwrite it, or choose another name.",
                reason="recipe-exists",
            )
    return Recipe(name=name, summary=summary, class_count=class_count, config=config)


def chosen_config(store: Store, name: str, assignments: Sequence[str]) -> RunConfig:
    """A recipe's configuration with some values set, before any picture is looked at.

    Args:
        store: Where own recipes are.
        name: Of a recipe, a built-in or an own one.
        assignments: Words such as "training.epochs=5".

    Raises:
        ConfigError: If there is no such recipe or field, or a value breaks its rule.
        NetworkError: If the layers do not fit together.
    """
    config = change_config(find_recipe(store, name).config, parse_assignments(assignments))
    # Any number of classes fits behind layers that two fit behind.
    describe(config.network, config.data.picture_shape, 2)
    return config


def find_recipe(store: Store, name: str) -> Recipe:
    """Look up a recipe by its name, a built-in or an own one.

    Raises:
        ConfigError: If there is none, or the own one cannot be read by this version.
    """
    with store.read() as connection:
        row = connection.execute(select(recipes).where(recipes.c.name == name)).one_or_none()
        names = connection.execute(select(recipes.c.name).order_by(recipes.c.name)).scalars().all()
    if row is not None:
        return _recipe(row)
    try:
        return built_in.recipe(name)
    except ConfigError as error:
        if not names or error.reason != built_in.UNKNOWN:
            raise
        message = f"{error.message} Own ones: {', '.join(names)}."
        raise ConfigError(message, reason=error.reason) from error


def own_recipes(store: Store) -> list[Recipe]:
    """All own recipes by name; one that this version cannot read is left out."""
    with store.read() as connection:
        rows = connection.execute(select(recipes).order_by(recipes.c.name)).all()
    found = []
    for row in rows:
        try:
            found.append(_recipe(row))
        except ConfigError:
            continue
    return found


def own_recipe_rows(store: Store) -> list[dict[str, Any]]:
    """Own recipes as JSON-ready rows like those of the built-in ones, with "own": true.

    The parameters are None where the layers do not fit.
    """
    return [{**entry.to_row(), "own": True} for entry in own_recipes(store)]


def delete_recipe(store: Store, name: str) -> None:
    """Forget an own recipe; runs that were made with it stay as they are.

    Raises:
        ConfigError: If there is no own recipe of this name.
    """
    with store.write() as connection:
        gone = connection.execute(delete(recipes).where(recipes.c.name == name)).rowcount
    if not gone:
        raise ConfigError(
            f"there is no own recipe {name!r}. `cnnlab recipes` lists those there are; the "
            "built-in ones cannot be deleted."
        )


def _recipe(row: Row[Any]) -> Recipe:
    try:
        config = parse_config(row.config)
    except ConfigError as error:
        raise ConfigError(
            f"the own recipe {row.name!r} cannot be read: {error.message}. Delete it, or save it "
            "anew."
        ) from error
    return Recipe(name=row.name, summary=row.summary, class_count=row.class_count, config=config)

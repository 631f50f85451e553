"""Where a configuration starts from: a built-in recipe, an own one, or an earlier run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import streamlit as st

from cnnlab.config import RunConfig, change_config, parse_assignments
from cnnlab.config.differences import field_titles
from cnnlab.errors import CnnlabError, ConfigError
from cnnlab.figures.text import escape_markdown
from cnnlab.networks.recipe import Recipe
from cnnlab.networks.recipes import RECIPES
from cnnlab.runs.own_recipes import (
    LONGEST_NAME,
    check_name,
    delete_recipe,
    find_recipe,
    own_recipes,
    save_recipe,
)
from cnnlab.runs.runs import Run, get_run, list_runs
from cnnlab.runs.store import Store
from cnnlab.ui import context
from cnnlab.ui.address import asked, choose, follow, show_in
from cnnlab.ui.choices import remember
from cnnlab.ui.fields import carry_over, forget_changes

RECIPE, FROM, SET = "recipe", "from", "set"
MOST_RUNS = 50

_CHOSEN = "chosen-recipe"
_RUN = "run:"  # no recipe's name has a colon


def choose_start(*, addressed: bool) -> Recipe:
    """Let the user choose where to start from; the choice holds on every page.

    Args:
        addressed: The page's address says what is chosen, as `recipe=NAME` or `from=RUN`, and may
            change fields of it: `set=training.epochs=5`, as often as needed.

    Raises:
        CnnlabError: If the address asks for something that there is not, or breaks a rule.
    """
    own = {entry.name: entry for entry in own_recipes(context.store())}
    offered = _offered(context.store(), own)
    chosen = _wanted(offered, addressed=addressed) or next(iter(offered))
    # A key of its own on each page: a widget that moves from page to page begins at its default.
    widget = "recipe" if addressed else "recipe-here"
    show_in(widget, chosen)
    st.selectbox(
        "Recipe",
        list(offered),
        key=widget,
        format_func=lambda key: _label(key, own),
        on_change=_take_over,
        args=(widget, offered, addressed),
        help="Where to start from: a named recipe, one of your own, or the configuration of an "
        "earlier run. Everything can be changed.",
    )
    remember(RECIPE, chosen)
    if addressed:
        follow(FROM, chosen.removeprefix(_RUN) if chosen.startswith(_RUN) else None)
        follow(RECIPE, None if chosen.startswith(_RUN) else chosen)
    if offered[chosen].summary:
        st.caption(escape_markdown(offered[chosen].summary))
    return _assigned(offered[chosen]) if addressed else offered[chosen]


def own_recipe_buttons(recipe: Recipe, config: RunConfig | None, class_count: int) -> None:
    """Save the configuration as an own recipe; delete the chosen one where it is an own one.

    Args:
        recipe: What is chosen now.
        config: The configuration as it is on the page; None where it breaks a rule.
        class_count: Classes of the data.
    """
    with st.popover("Save as own recipe", icon=":material/bookmark_add:", type="tertiary"):
        _save_form(config, class_count)
    if recipe.name in {entry.name for entry in own_recipes(context.store())}:
        with st.popover("Delete this recipe", icon=":material/delete:", type="tertiary"):
            st.markdown("It will be gone for good. Runs that were made with it stay.")
            st.button(
                "Delete it", type="primary", key="delete-recipe", on_click=_delete, args=(recipe,)
            )


def _offered(store: Store, own: Mapping[str, Recipe]) -> dict[str, Recipe]:
    """Everything to start from, by its key in the list."""
    runs = (_of_run(run) for run in list_runs(store, limit=MOST_RUNS))
    return {**RECIPES, **own, **{entry.name: entry for entry in runs}}


def _of_run(run: Run) -> Recipe:
    return Recipe(
        name=_RUN + run.id,
        summary=f"The configuration of {run.id}, which was trained on {run.dataset_name}.",
        class_count=len(run.results.get("class_names", ())) or 2,
        config=run.config,
    )


def _wanted(offered: dict[str, Recipe], *, addressed: bool) -> str | None:
    """Key of what the address asks for or the user chose before; it is then among the offers."""
    if addressed:
        run_id = asked(FROM)
        key = asked(RECIPE) if run_id is None else _RUN + run_id
        if key is not None:
            _offer(offered, key)
            return key
    chosen: str | None = st.session_state.get(_CHOSEN)
    if chosen is None:
        return None
    try:
        _offer(offered, chosen)
    except CnnlabError:  # deleted meanwhile
        return None
    return chosen


def _offer(offered: dict[str, Recipe], key: str) -> None:
    """Add an older run, or a member of a family, to the list."""
    if key in offered:
        return
    if key.startswith(_RUN):
        offered[key] = _of_run(get_run(context.store(), key.removeprefix(_RUN)))
    else:
        offered[key] = replace(find_recipe(context.store(), key), name=key)


def _assigned(recipe: Recipe) -> Recipe:
    """The recipe with the fields that the address sets."""
    words = st.query_params.get_all(SET)
    if not words:
        return recipe
    st.caption(escape_markdown(f"Set by the link: {', '.join(words)}"))
    config = change_config(recipe.config, parse_assignments(words))
    return replace(recipe, name=f"{recipe.name} {' '.join(words)}", config=config)


def _label(key: str, own: Collection[str]) -> str:
    if key.startswith(_RUN):
        return f"Configuration of {key.removeprefix(_RUN)}"
    return f"{key} · own" if key in own else key


def _take_over(widget: str, offered: Mapping[str, Recipe], addressed: bool) -> None:
    """Another start was chosen by hand: the address follows.

    An own recipe and an earlier run are taken as they are.
    """
    key = st.session_state[widget]
    if key not in offered:
        return
    kept = carry_over(key) if key in RECIPES else []
    if kept:
        st.toast(f"Kept as you changed it: {field_titles(kept)}.", icon=":material/done:")
    _select(key, addressed=addressed)


def _select(key: str, *, addressed: bool) -> None:
    remember(RECIPE, key)
    if addressed:
        is_run = key.startswith(_RUN)
        choose(FROM, key.removeprefix(_RUN) if is_run else None)
        choose(RECIPE, None if is_run else key)
        st.query_params.pop(SET, None)


def _save_form(config: RunConfig | None, class_count: int) -> None:
    """Name, a sentence about it, and the question before something is overwritten."""
    if config is None:
        st.markdown("This configuration breaks a rule; the page says which.")
        return
    name = st.text_input(
        "Name of the recipe",
        key="own-recipe-name",
        max_chars=LONGEST_NAME,
        help="Letters, digits, - and _",
    ).strip()
    summary = st.text_input("What it is", key="own-recipe-summary", max_chars=300)
    if not name:
        st.caption("It will be in the list of recipes, here and for `cnnlab train --recipe NAME`.")
        return
    try:
        check_name(name)
    except ConfigError as error:
        st.error(escape_markdown(error.message), icon=":material/error:")
        return
    taken = name in {entry.name for entry in own_recipes(context.store())}
    if taken:
        st.warning(f"There is an own recipe {escape_markdown(name)} already.")
    st.button(
        "Overwrite it" if taken else "Save",
        type="primary",
        key="save-recipe",
        on_click=_save,
        args=(name, config, summary.strip(), class_count, taken),
    )


def _save(name: str, config: RunConfig, summary: str, class_count: int, overwrite: bool) -> None:
    """Save, choose what was saved, and begin it without changes."""
    try:
        save_recipe(
            context.store(),
            name,
            config,
            summary=summary,
            class_count=class_count,
            overwrite=overwrite,
        )
    except CnnlabError as error:
        st.toast(escape_markdown(error.message), icon=":material/error:")
        return
    forget_changes(name)
    _select(name, addressed=True)
    st.session_state["own-recipe-name"] = ""
    st.toast(f"Saved as {escape_markdown(name)}.", icon=":material/done:")


def _delete(recipe: Recipe) -> None:
    try:
        delete_recipe(context.store(), recipe.name)
    except CnnlabError as error:
        st.toast(escape_markdown(error.message), icon=":material/error:")
    forget_changes(recipe.name)
    _select(next(iter(RECIPES)), addressed=True)

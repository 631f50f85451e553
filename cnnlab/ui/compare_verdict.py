"""Which of some runs is better: the answer in words, with intervals, and the final figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import streamlit as st

from cnnlab.datasets.splits import Split
from cnnlab.errors import CnnlabError
from cnnlab.evaluation.intervals import wilson
from cnnlab.evaluation.seeds import ENOUGH_SEEDS, same_but_seed
from cnnlab.figures.accuracies import AccuracyRow, plot_accuracies
from cnnlab.figures.text import escape_markdown
from cnnlab.reports.comparing import PairVerdict
from cnnlab.reports.leaderboard import FIGURES, BoardRow, figure_text
from cnnlab.reports.recipes_compared import RecipeVerdict, Repeats, queue_missing
from cnnlab.runs.provenance import why_not_repeatable
from cnnlab.runs.runs import Run
from cnnlab.ui import context
from cnnlab.ui.charts import show_chart
from cnnlab.ui.compared import recipes_of, verdict_of
from cnnlab.ui.results import predictions_of


def show(runs: Sequence[Run], everything: Sequence[Run]) -> None:
    """The answer for each run against the first one, a chart of it, and the final figures.

    Args:
        runs: The reference first.
        everything: All runs, in which repeats with other seeds are found.
    """
    reference, *others = runs
    recipes: list[RecipeVerdict] = []
    for other in others:
        verdict = verdict_of(reference, other)
        recipe = recipes_of(reference, other, everything)
        recipes += [] if recipe is None else [recipe]
        with st.container(border=True):
            _answer(verdict, recipe)
    if len(others) > 1:
        st.caption(
            "Each answer stands for itself: of twenty comparisons of equally good networks, one is "
            "called a difference by chance."
        )
    _chart(runs, recipes)
    _figures_table(runs)


def _answer(verdict: PairVerdict, recipe: RecipeVerdict | None) -> None:
    """Question, answer, what it rests on, and what is needed to speak of recipes."""
    st.markdown(f"**{escape_markdown(verdict.question)}**")
    if verdict.comparison is None or verdict.split is None:
        st.warning(escape_markdown(verdict.sentence), icon=":material/block:")
    else:
        _say(verdict.sentence, different=verdict.comparison.different)
    st.caption(" ".join([_basis(verdict), *map(escape_markdown, verdict.notes)]).strip())
    if recipe is not None:
        _about_recipes(recipe)


def _say(sentence: str, *, different: bool) -> None:
    if different:
        st.success(escape_markdown(sentence), icon=":material/check_circle:")
    else:
        st.info(escape_markdown(sentence), icon=":material/balance:")


def _basis(verdict: PairVerdict) -> str:
    """The figures behind a sentence."""
    found = verdict.comparison
    if found is None or verdict.split is None:
        return ""
    first, second = escape_markdown(verdict.first), escape_markdown(verdict.second)
    return (
        f"On {found.images:,} {verdict.split.value} pictures. Only {second} is right on "
        f"{found.only_second:,}, only {first} on {found.only_first:,} of them. Two equally good "
        f"networks would differ as much with a probability of {_probability(found.p_value)} "
        "(exact McNemar test). This speaks of these two networks."
    )


def _probability(p_value: float) -> str:
    return "less than 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def _about_recipes(recipe: RecipeVerdict) -> None:
    if recipe.comparison is not None:
        _say(f"Recipes: {recipe.sentence}", different=recipe.comparison.different)
        st.caption(
            f"On {recipe.images:,} {recipe.split.value} pictures that all of these runs hold out."
        )
        return
    st.markdown(f":material/info: {escape_markdown(recipe.sentence)}")
    if recipe.missing:
        _queue(recipe)


def _queue(recipe: RecipeVerdict) -> None:
    """The button that trains what is missing, which asks first."""
    count = recipe.missing
    trainings = f"{count} training{'s' if count > 1 else ''}"
    refusal = why_not_repeatable(context.store(), recipe.first.run)
    with st.popover(
        f"Train the missing seeds ({count})",
        icon=":material/casino:",
        disabled=refusal is not None,
        help=refusal and escape_markdown(refusal),
    ):
        st.markdown(
            f"{trainings} will stand in the queue, so that there are {ENOUGH_SEEDS} seeds of each "
            f"recipe:\n{_seed_lines(recipe)}"
        )
        st.button(
            f"Queue {trainings}",
            type="primary",
            key=f"queue-{recipe.first.run.id}-{recipe.second.run.id}",
            on_click=_queue_now,
            args=(recipe,),
        )


def _seed_lines(recipe: RecipeVerdict) -> str:
    lines = []
    for side in (recipe.first, recipe.second):
        if side.missing:
            took = side.run.results.get("seconds")
            each = f", about {took:,.0f} s each" if took else ""
            seeds = ", ".join(map(str, side.missing))
            lines.append(f"- {escape_markdown(side.recipe)}: seed {seeds}{each}")
    return "\n".join(lines)


def _queue_now(recipe: RecipeVerdict) -> None:
    try:
        queued = queue_missing(context.store(), recipe)
    except CnnlabError as error:
        st.toast(escape_markdown(error.message), icon=":material/error:")
        return
    st.toast(f"{len(queued)} trainings wait in the queue.", icon=":material/done:")


def _chart(runs: Sequence[Run], recipes: Sequence[RecipeVerdict]) -> None:
    """Accuracies with intervals, of the networks and of recipes with enough seeds."""
    split = _deciding_split(runs)
    rows = []
    for place, run in enumerate(runs):
        accuracy = run.metrics.get(f"{split.value}_accuracy")
        if accuracy is not None:
            interval = _interval(run, split, accuracy)
            rows.append(AccuracyRow(run.id, accuracy, interval, colour=place))
    places = {run.id: place for place, run in enumerate(runs)}
    for side in _sides(recipes, split):
        values = tuple(side.accuracies.values())
        mean = sum(values) / len(values)
        rows.append(
            AccuracyRow(
                f"{side.recipe}, {len(values)} seeds",
                mean,
                seeds=values,
                colour=places[side.run.id],
            )
        )
    if rows:
        figure = plot_accuracies(rows, split.value, dark=context.is_dark())
        show_chart(figure, key="compare-accuracies")


def _sides(recipes: Sequence[RecipeVerdict], split: Split) -> Iterable[Repeats]:
    """Recipes with more than one seed, each once, however many of its runs are compared."""
    found: dict[str, Repeats] = {}
    for recipe in recipes:
        if recipe.split is split:
            for side in (recipe.first, recipe.second):
                if len(side.accuracies) > 1:
                    found.setdefault(same_but_seed(side.run.config), side)
    return found.values()


def _deciding_split(runs: Sequence[Run]) -> Split:
    finished = [run for run in runs if run.has_model]
    all_tested = all("test_accuracy" in run.metrics for run in finished)
    return Split.TEST if finished and all_tested else Split.VALIDATION


def _interval(run: Run, split: Split, accuracy: float) -> tuple[float, float] | None:
    """95 % interval of a network's accuracy; None where its predictions cannot be read."""
    try:
        images = len(predictions_of(run.id, split))
    except CnnlabError:
        return None
    return wilson(round(accuracy * images), images) if images else None


def _figures_table(runs: Sequence[Run]) -> None:
    """The final figures, one column a run."""
    rows = []
    for name, figure in FIGURES.items():
        texts = {run.id: figure_text(BoardRow((run,)).spread(name), figure.kind) for run in runs}
        if any(texts.values()):
            rows.append({"figure": figure.title, **texts})
    if rows:
        st.markdown("**Final figures**")
        st.dataframe(
            rows,
            hide_index=True,
            column_config={run.id: st.column_config.TextColumn(alignment="right") for run in runs},
        )

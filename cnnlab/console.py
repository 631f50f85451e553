"""What the commands print: tables and progress for people, JSON for programs."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from cnnlab.runs.runs import Run

_SHOWN_PICTURES = 10
_WHOLE_CHARACTERS = 48

_output = Console(highlight=False, soft_wrap=True)
_messages = Console(stderr=True, highlight=False, soft_wrap=True)


def prepare_output() -> None:
    """Make names of any script printable, whatever the terminal or the file is set to."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(document, ensure_ascii=False, allow_nan=False))


def say(sentence: str) -> None:
    """One line for people."""
    _output.print(Text(_printable(sentence)))


def complain(reason: str, sentence: str) -> None:
    """Why the work failed, on one line of standard error."""
    print(_printable(f"{reason}: {sentence}"), file=sys.stderr)


def warn(sentence: str) -> None:
    """One line on standard error, also beside JSON."""
    _messages.print(Text(f"warning: {_printable(sentence)}", style="yellow"))


def warn_of(sentences: Iterable[str]) -> None:
    """A line on standard error for each."""
    for sentence in sentences:
        warn(sentence)


@contextmanager
def progress(title: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error; the function it gives takes (done, total)."""
    if quiet:
        yield lambda done, total: None
        return
    with _bars() as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


@contextmanager
def phases(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error; the function it gives takes (phase, done, total)."""
    if quiet:
        yield lambda phase, done, total: None
        return
    with _bars() as bars:
        task = bars.add_task("", total=None)
        yield lambda phase, done, total: bars.update(
            task, description=phase, completed=done, total=total or None
        )


def _bars() -> Progress:
    """Bars on standard error that leave nothing behind; none where nobody looks."""
    return Progress(console=_messages, transient=True, disable=not _messages.is_terminal)


@contextmanager
def run_progress(run_id: str, *, quiet: bool) -> Iterator[Callable[[Run], None]]:
    """A bar that follows a run through its phases."""
    if quiet:
        yield lambda run: None
        return
    with _bars() as bars:
        task = bars.add_task(run_id, total=None)

        def show(run: Run) -> None:
            said = run.job.progress
            if said.get("phase") == "training":
                done = (said["epoch"] - 1) * said["batches"] + said["batch"]
                total = said["epochs"] * said["batches"]
                text = f"{run_id}: epoch {said['epoch']} of {said['epochs']}"
                text += f", accuracy {said['accuracy']:.3f}"
                bars.update(task, description=text, completed=done, total=total)
            else:
                phase = said.get("phase") or run.state.value
                bars.update(
                    task,
                    description=f"{run_id}: {phase}",
                    completed=said.get("done", 0),
                    total=said.get("total"),
                )

        yield show


def print_scan(dataset_id: str, found: Mapping[str, Any]) -> None:
    """What a scan found."""
    problems, duplicates = found["problems"], found["duplicates"]
    say(
        f"{found['images']} files found, {found['usable']} usable, {len(problems)} set aside, "
        f"{len(duplicates)} groups of copies ({found['seconds']:.1f} s)"
    )
    print_table(("class", "pictures"), [(name, n) for name, n in found["classes"].items()])
    for problem in problems:
        say(f"  {problem['reason']}: {problem['path']} ({problem['detail']})")
    say(f"data set id: {dataset_id}")


def print_datasets(rows: Sequence[Mapping[str, Any]]) -> None:
    """The table of data sets."""
    if not rows:
        say("No data sets yet. Add one: cnnlab datasets add FOLDER")
        return
    print_table(
        ("data set", "name", "pictures", "set aside", "excluded", "folder"),
        [
            (
                row["dataset"],
                row["name"],
                *(
                    "–" if row[name] is None else f"{row[name]:,}"
                    for name in ("usable", "problems", "excluded")
                ),
                row["location"],
            )
            for row in rows
        ],
    )


def print_catalogue(rows: Sequence[Mapping[str, Any]]) -> None:
    """What can be downloaded."""
    for row in rows:
        size = f", {row['bytes'] / 1e6:,.0f} MB" if row["bytes"] else ""
        say(f"{row['name']}: {row['title']}, {row['images']:,} pictures{size}")
        say(f"  {row['summary']}")
        for number, step in enumerate(row["instructions"], start=1):
            say(f"  {number}. {step}")


def print_audit(document: Mapping[str, Any]) -> None:
    """Every finding with its advice and its first pictures."""
    say(f"{document['images']:,} files found, {document['usable']:,} pictures used")
    if not document["findings"]:
        say("Nothing to complain about.")
    for finding in document["findings"]:
        say(f"{finding['severity']}: {finding['sentence']}")
        say(f"  {finding['advice']}")
        shown = finding["groups"] or [[path] for path in finding["paths"]]
        for group in shown[:_SHOWN_PICTURES]:
            say("    " + " = ".join(group))
        if len(shown) > _SHOWN_PICTURES:
            say(f"    and {len(shown) - _SHOWN_PICTURES:,} more (all of them with --json)")


def print_steps(rows: Sequence[Mapping[str, Any]]) -> None:
    """The corrections that hold."""
    if not rows:
        say("No corrections: everything is as the folders say.")
    for row in rows:
        to = f" to {row['class']!r}" if row["class"] else ""
        say(f"{row['step']}: {row['edit']}{to}: {', '.join(row['paths'])}")


def print_recipes(rows: Sequence[Mapping[str, Any]]) -> None:
    """The table of recipes."""
    print_table(
        ("recipe", "input", "parameters", "summary"),
        [
            (
                row["name"],
                "x".join(map(str, row["input_shape"])),
                f"{row['parameters']['total']:,}" if row["parameters"] else "does not fit",
                row["summary"],
            )
            for row in rows
        ],
    )


def print_runs(rows: Sequence[Mapping[str, Any]]) -> None:
    """The table of runs."""
    if not rows:
        say("No runs yet. Train one: cnnlab train --data builtin:scenes --recipe quick")
        return
    print_table(
        ("run", "state", "data set", "validation", "test", "seconds"),
        [
            (
                row["run"],
                row["state"],
                row["dataset"],
                _percent(row["metrics"].get("validation_accuracy")),
                _percent(row["metrics"].get("test_accuracy")),
                "" if row["seconds"] is None else f"{row['seconds']:.0f}",
            )
            for row in rows
        ],
    )


def print_run(document: Mapping[str, Any], message: str | None) -> None:
    """One run in a few lines."""
    say(f"{document['run']}: {document['state']}")
    for sentence in (message, document.get("data_changes")):
        if sentence:
            say(sentence)
    for name, value in document["metrics"].items():
        say(f"  {name.replace('_', ' ')}: {value:.4f}")
    if document["best_epoch"]:
        say(f"  best epoch: {document['best_epoch']}")
    if isinstance(document["epochs"], list) and document["epochs"]:
        names = list(document["epochs"][0])
        print_table(
            names, [[figure(row.get(name)) for name in names] for row in document["epochs"]]
        )


def print_trial(document: Mapping[str, Any]) -> None:
    """What a trial found out, in a few lines."""
    for precision, seconds in document["seconds_per_step"].items():
        say(f"  {precision}: {1000 * seconds:.0f} ms a step")
    say(f"Precision: {document['precision']}")
    say(f"An epoch takes about {document['seconds_per_epoch']:.1f} s")
    say(f"The whole training takes about {document['seconds']:.0f} s")
    say(f"Memory: {document['memory_bytes'] / 1e6:,.0f} MB")


def print_learning_curve(document: Mapping[str, Any]) -> None:
    """A line for each share of the training pictures, and what follows from them."""
    print_table(
        ("share", "training pictures", "accuracy", "95 % interval", "run"),
        [
            (
                f"{point['share']:.0%}",
                f"{point['training_pictures']:,}",
                _percent(point["accuracy"]),
                " to ".join(_percent(end) for end in point["interval"]),
                point["run"],
            )
            for point in document["points"]
        ],
    )
    for run in document["waiting"]:
        say(f"{run} is still to come.")
    for run, sentence in document["left_out"].items():
        warn(f"{run}: {sentence}")
    say(document["sentence"])


def print_evaluation(document: Mapping[str, Any]) -> None:
    """Accuracy, and a row per class."""
    say(
        f"{document['images']} pictures: accuracy {document['accuracy']:.4f}, "
        f"macro F1 {document['macro_f1']:.4f}"
    )
    print_table(
        ("class", "precision", "recall", "F1", "pictures"),
        [
            (
                name,
                f"{row['precision']:.3f}",
                f"{row['recall']:.3f}",
                f"{row['f1']:.3f}",
                row["support"],
            )
            for name, row in document["per_class"].items()
        ],
    )


def print_classifications(rows: Sequence[Mapping[str, Any]]) -> None:
    """A line per photo."""
    print_table(
        ("photo", "class", "probability"),
        [
            (row["path"], f"{row['error']}: {row['detail']}", "")
            if "error" in row
            else (row["path"], row["label"], _percent(row["probability"]))
            for row in rows
        ],
    )


def print_rows(header: Sequence[str], rows: Sequence[Sequence[Any]], *, nothing: str) -> None:
    """A table whose first column is there to be copied; a sentence where it is empty."""
    if rows:
        print_table(header, rows)
    else:
        say(nothing)


def print_table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on standard output; its first column is not broken where it holds ids."""
    first, *others = header
    table = Table()
    longest = max((len(str(row[0])) for row in rows), default=0)
    whole = longest <= _WHOLE_CHARACTERS  # ids are there to be copied
    table.add_column(first, no_wrap=whole, overflow="fold")
    for name in others:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_printable(str(cell))) for cell in row))
    _output.print(table)


def _printable(text: str) -> str:
    """Text without characters that would move the cursor or colour the terminal."""
    return "".join(
        letter
        if letter.isprintable()
        else letter.encode("unicode_escape", "backslashreplace").decode()
        for letter in text
    )


def figure(value: float | None) -> str:
    """A number as tables show it; nothing for none."""
    return "" if value is None else f"{value:.4g}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"

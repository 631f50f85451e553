"""What networks said about photos as rows of a table, with all their digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cnnlab.inference.classify import Classification
from cnnlab.reports.answered_photos import AnsweredPhotos
from cnnlab.reports.spreadsheet import Cell

NAME, LABEL, PROBABILITY = "name", "label", "probability"
KNOWN, STRANGENESS, AGREE = "known", "strangeness", "agree"
TRUE_CLASS, CORRECTED_CLASS = "true class", "corrected class"
ERROR, DETAIL = "error", "error detail"
_ABOUT = (TRUE_CLASS, CORRECTED_CLASS, ERROR, DETAIL)
_OF_CLASS = "probability of {}"
_OF_RUN = "{}: {}"


def answer_columns(class_names: Sequence[str]) -> list[str]:
    """Names of the columns of one network's answers."""
    return [NAME, *_said_columns(class_names), *_ABOUT]


def answer_row(
    answer: Classification, label: str | None = None, corrected: str | None = None
) -> dict[str, Cell]:
    """One network's answer for one photo.

    Args:
        answer: What was said.
        label: The class that the photo's folder says.
        corrected: The class that a user has said.
    """
    return {NAME: answer.name, **_said(answer), **_about(answer, label, corrected)}


def compared_columns(titles: Sequence[str], class_names: Sequence[Sequence[str]]) -> list[str]:
    """Names of the columns of several networks' answers.

    Args:
        titles: What the networks are called.
        class_names: Of each network.
    """
    columns = [
        _OF_RUN.format(title, column)
        for title, names in zip(titles, class_names, strict=True)
        for column in _said_columns(names)
    ]
    return [NAME, *columns, AGREE, *_ABOUT]


def photo_columns(photos: AnsweredPhotos, titles: Sequence[str]) -> list[str]:
    """Names of the columns of `photo_rows`."""
    names = [each.class_names for each in photos.answers]
    return answer_columns(names[0]) if len(names) == 1 else compared_columns(titles, names)


def photo_rows(
    photos: AnsweredPhotos, rows: Sequence[int], titles: Sequence[str]
) -> Iterator[dict[str, Cell]]:
    """Some photos with what one or two networks said about them.

    Args:
        photos: All of them.
        rows: Numbers of the photos.
        titles: What the networks are called; only needed where there are two.
    """
    for row in map(int, rows):
        photo = photos.photos[row]
        label, corrected = photo.label, photos.corrected.get(photo.name)
        answers = [each.one(row) for each in photos.answers]
        if len(answers) == 1:
            yield answer_row(answers[0], label, corrected)
            continue
        cells: dict[str, Cell] = {NAME: answers[0].name}
        for title, answer in zip(titles, answers, strict=True):
            cells |= {_OF_RUN.format(title, key): cell for key, cell in _said(answer).items()}
        if answers[0].label is not None:
            cells[AGREE] = len({answer.label for answer in answers}) == 1
        yield cells | _about(answers[0], label, corrected)


def _said_columns(class_names: Sequence[str]) -> list[str]:
    return [LABEL, PROBABILITY, KNOWN, STRANGENESS, *map(_OF_CLASS.format, class_names)]


def _said(answer: Classification) -> dict[str, Cell]:
    """What is in a network's columns."""
    if answer.probabilities is None:
        return {}
    verdict = answer.verdict
    return {
        LABEL: answer.label,
        PROBABILITY: _shortest(answer.probabilities.max()),
        KNOWN: verdict.known if verdict else None,
        STRANGENESS: verdict.strangeness if verdict else None,
        **{
            _OF_CLASS.format(name): _shortest(value)
            for name, value in zip(answer.class_names, answer.probabilities, strict=True)
        },
    }


def _about(answer: Classification, label: str | None, corrected: str | None) -> dict[str, Cell]:
    return {
        TRUE_CLASS: label,
        CORRECTED_CLASS: corrected,
        ERROR: answer.error.reason if answer.error else None,
        DETAIL: str(answer.error) if answer.error else None,
    }


def _shortest(value: np.float32) -> float:
    """A float whose text is the shortest that gives the same float32."""
    return float(str(value))

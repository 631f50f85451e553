"""What the address of a prediction asks for besides the model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from cnnlab.serving.problems import Problem

UNNAMED = "photo"


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictQuery:
    """The query of a prediction.

    Attributes:
        top: How many classes are told, the most probable ones, or None for all.
        name: What a picture is called that is the whole body.
    """

    top: int | None = None
    name: str = UNNAMED

    @classmethod
    def of(cls, items: Iterable[tuple[str, str]]) -> Self:
        """Read it.

        Raises:
            Problem: 400 if something is unknown, or no number.
        """
        found: dict[str, Any] = {}
        for key, value in items:
            if key == "top":
                found["top"] = _positive(value)
            elif key == "name":
                found["name"] = value or UNNAMED
            else:
                raise Problem(
                    400,
                    "unknown-parameter",
                    f"The query may have top and name. Received: {key[:80]!r}.",
                )
        return cls(**found)

    def shorten(self, answer: dict[str, Any]) -> dict[str, Any]:
        """An answer with the most probable classes only, where that is asked for."""
        if self.top is None or "probabilities" not in answer:
            return answer
        ranked = sorted(answer["probabilities"].items(), key=lambda item: -item[1])
        return answer | {"probabilities": dict(ranked[: self.top])}


def _positive(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 10 and int(text) > 0:
        return int(text)
    raise Problem(400, "bad-top", f"top must be a whole number from 1. Received: {text[:80]!r}.")

"""Shares in words, the same in sentences, charts and tables."""

from __future__ import annotations


def percent(share: float) -> str:
    """A share as a percentage with one digit; never 0% or 100% for what only comes close."""
    if 0 < share < 0.001:
        return "<0.1%"
    if 0.999 < share < 1:
        return ">99.9%"
    return f"{share:.0%}" if share in (0, 1) else f"{share:.1%}"

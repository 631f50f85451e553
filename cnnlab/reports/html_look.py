"""How a report looks on screens and on paper, and the script that draws its charts."""

from __future__ import annotations

from importlib import resources

from cnnlab.figures.theme import FONT_FAMILY, PALETTE, Shades, shades

_LIGHT = {"page": "#FFFFFF", "panel": "#F5F7F9", "link": "#04578A"}
_DARK = {"page": "#12161D", "panel": "#1B212B", "link": "#7CC0F5"}


def stylesheet() -> str:
    """The whole style sheet: light and dark by the reader's system, light on paper."""
    light, dark = _variables(shades(False), _LIGHT), _variables(shades(True), _DARK)
    return (
        f":root {{ color-scheme: light dark; {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
        f"{_read('report.css')}"
    )


def script() -> str:
    """What draws the charts, again when the theme changes or the report is printed."""
    return _read("report.js")


def _variables(theme: Shades, own: dict[str, str]) -> str:
    named = {
        **own,
        "text": theme.text,
        "muted": theme.muted,
        "line": theme.line,
        "grid": theme.grid,
        "good": theme.good,
        "bad": theme.bad,
        "caution": PALETTE[1],
        "font": FONT_FAMILY,
    }
    return " ".join(f"--{name}: {value};" for name, value in named.items())


def _read(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")

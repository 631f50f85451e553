"""Source text for a script: definitions taken from modules of cnnlab, calls laid out, imports."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

LINE_LENGTH = 100

_IMPORTS = {
    "argparse": "import argparse",
    "csv": "import csv",
    "json": "import json",
    "math": "import math",
    "struct": "import struct",
    "tempfile": "import tempfile",
    "zlib": "import zlib",
    "Callable": "from collections.abc import Callable",
    "ThreadPoolExecutor": "from concurrent.futures import ThreadPoolExecutor",
    "suppress": "from contextlib import suppress",
    "dataclass": "from dataclasses import dataclass",
    "blake2b": "from hashlib import blake2b",
    "BytesIO": "from io import BytesIO",
    "Path": "from pathlib import Path",
    "Any": "from typing import Any",
}
_THIRD_PARTY = {
    "keras": "import keras",
    "np": "import numpy as np",
    "onnxruntime": "import onnxruntime",
    "tf": "import tensorflow as tf",
    "Interpreter": "from ai_edge_litert.interpreter import Interpreter",
    "layers": "from keras import layers",
    "ops": "from keras import ops",
    "sliding_window_view": "from numpy.lib.stride_tricks import sliding_window_view",
    "NDArray": "from numpy.typing import NDArray",
    "ExifTags": "from PIL import ExifTags, Image",
    "Jpeg2KImageFile": "from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile",
}


def definitions(module: str, names: Iterable[str]) -> str:
    """Functions, classes and constants of a module as they stand in its file.

    The module is read, not imported, so that its own imports do not matter.

    Args:
        module: Full name, such as "cnnlab.datasets.augmentation".
        names: What is wanted of it; the order is the module's.

    Returns:
        Text with two blank lines around functions and classes.

    Raises:
        LookupError: If the module does not define one of the names.
    """
    wanted = set(names)
    lines, tree = _parsed(module)
    pieces = []
    for node in tree.body:
        found = _defined(node) & wanted
        if found:
            wanted -= found
            pieces.append((_is_block(node), _with_comment(lines, node)))
    if wanted:
        raise LookupError(f"{module} must define {', '.join(sorted(wanted))}.")
    text = ""
    for place, (is_block, piece) in enumerate(pieces):
        if place:
            text += "\n\n\n" if is_block or pieces[place - 1][0] else "\n"
        text += piece
    return text.replace("npt.NDArray", "NDArray")


def call(target: str, function: str, arguments: Sequence[str], *, applied_to: str = "") -> str:
    """An assignment of a call inside a function, broken into lines where it is too long.

    Args:
        target: What is assigned to, or "return".
        function: What is called.
        arguments: Each as source.
        applied_to: What the result is called with in turn, as source; "" if it is not.
    """
    begin = f"    {target} {'' if target == 'return' else '= '}{function}("
    end = f"){f'({applied_to})' if applied_to else ''}"
    joined = ", ".join(arguments)
    if len(begin + joined + end) <= LINE_LENGTH:
        return begin + joined + end
    is_split_elsewhere = applied_to and len(f"{begin}{joined})(") <= LINE_LENGTH
    if len(joined) + 8 <= LINE_LENGTH and not is_split_elsewhere:
        return f"{begin}\n        {joined}\n    {end}"
    return "\n".join([begin, *(f"        {argument}," for argument in arguments), f"    {end}"])


def import_lines(code: str) -> str:
    """The imports that a script needs for the names that it uses."""
    used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    groups = (_IMPORTS, _THIRD_PARTY)
    blocks = [[line for name, line in group.items() if name in used] for group in groups]
    text = "\n\n".join("\n".join(block) for block in blocks)
    return text.replace("import layers\nfrom keras import ops", "import layers, ops")


@cache
def _parsed(module: str) -> tuple[list[str], ast.Module]:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise LookupError(f"There is no source of {module}.")
    text = Path(spec.origin).read_text(encoding="utf-8")
    return text.splitlines(), ast.parse(text)


def _defined(node: ast.stmt) -> set[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Assign(targets=targets):
            named = (name for target in targets for name in ast.walk(target))
            return {name.id for name in named if isinstance(name, ast.Name)}
        case _:
            return set()


def _is_block(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef)


def _with_comment(lines: Sequence[str], node: ast.stmt) -> str:
    """A definition with the comment above it and the decorators."""
    first = min([node.lineno, *(item.lineno for item in _decorators(node))]) - 1
    while first > 0 and lines[first - 1].startswith("#"):
        first -= 1
    return "\n".join(lines[first : node.end_lineno])


def _decorators(node: ast.stmt) -> Iterator[ast.expr]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield from node.decorator_list

"""How a process that decodes pictures of strangers gives its memory back."""

from __future__ import annotations

import ctypes
import platform
import sys
from contextlib import suppress
from pathlib import Path

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENAS = -1, -3, -8  # of mallopt, see malloc.h of glibc
_NOT_NEEDED = 4  # of madvise, see mman.h
_LARGE_BYTES = 1_048_576
_MOST_ARENAS = 2


def give_back_memory() -> None:
    """Have the memory of large pictures go back to the system as soon as they are done with.

    glibc keeps blocks of up to 32 MB for later once it has seen one, and does so for each thread:
    a server of pictures then holds several times what it needs. Elsewhere this does nothing.
    """
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc":
        return
    mallopt = ctypes.CDLL(None).mallopt
    mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
    mallopt(_TRIM_THRESHOLD, _LARGE_BYTES)
    mallopt(_ARENAS, _MOST_ARENAS)


def forget_file(path: Path) -> None:
    """Let go of a file that is mapped into memory and was read; what is needed is read again.

    Elsewhere than on Linux this does nothing.
    """
    if sys.platform != "linux":
        return
    wanted = str(path)
    with (
        suppress(OSError),
        Path("/proc/self/maps").open(encoding="utf-8", errors="replace") as maps,
    ):
        madvise = ctypes.CDLL(None).madvise
        madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        for line in maps:
            if line.rstrip("\n").endswith(wanted):
                start, end = (int(part, 16) for part in line.split(maxsplit=1)[0].split("-"))
                madvise(start, end - start, _NOT_NEEDED)

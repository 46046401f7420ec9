"""The loop behind every `Sampler`: takes items while there is room, gives back what ends, tells what grows."""

import time
from collections.abc import Callable, Iterable, Iterator
from threading import Event
from typing import Protocol

from .sampler import Completion, Failure, Growth, Item, Wish

GROWTH_S = 0.1
"""Between two tellings of what grew."""
Came = tuple[Item, Completion] | Failure


class Drawing(Protocol):
    """What is under way, wherever it is computed."""

    def room(self) -> bool:
        """Whether one more item may begin."""
        ...

    def begin(self, item: Item) -> Failure | None:
        """Starts an item; why not, where it cannot be started at all."""
        ...

    def idle(self) -> bool: ...

    def ended(self) -> Iterable[Came]:
        """Goes on a little: a step, or a short wait; what ended."""
        ...

    def grown(self) -> list[Growth]:
        """What grew since the last time, of what has not ended."""
        ...

    def abandon(self) -> None:
        """Lets go of everything that has not ended."""
        ...


def draw(
    drawing: Drawing,
    items: Iterable[Wish],
    *,
    stopping: Event,
    growth: Callable[[list[Growth]], None] | None = None,
) -> Iterator[Came]:
    """What `Sampler.sample` promises. Raises what `drawing` raises."""
    wanted: Iterator[Wish] | None = iter(items)
    told, nothing = time.monotonic(), object()
    try:
        while True:
            paused = False
            while wanted is not None and not paused and drawing.room() and not stopping.is_set():
                item = next(wanted, nothing)
                if item is nothing:
                    wanted = None
                elif item is None:
                    paused = True
                elif isinstance(item, tuple):
                    yield item
                elif failure := drawing.begin(item):
                    yield failure
            if drawing.idle():
                if paused:
                    raise RuntimeError("no completion is under way, and the items wait for one")
                return
            yield from drawing.ended()
            stop = stopping.is_set()
            if growth and (stop or time.monotonic() - told >= GROWTH_S):
                told = time.monotonic()
                growth(drawing.grown())
            if stop:
                return
    finally:
        drawing.abandon()

"""What of a completion its reader gets to see: without special tokens, without the stop text, no half character."""

from collections import deque

from ..sampling.text import GrowingText


class Shown:
    """The visible text of one completion, taken piece by piece.

    Stop texts are looked for where the engine looks for them: in the text with its special tokens. So both kinds of text
    are kept until no stop text can begin in them.
    """

    def __init__(self, growing: GrowingText, *, hidden: frozenset[int], stops: tuple[str, ...], keep_stop: bool):
        """`hidden`: tokens whose text is left out. `keep_stop`: the stop text stays."""
        self._growing, self._hidden, self._stops, self._keep_stop = growing, hidden, stops, keep_stop
        self._held: deque[tuple[str, bool]] = deque()
        self._hold = max(map(len, stops)) - 1 if stops else 0
        self.stopped_by: str | None = None
        """The stop text that ended the completion, known after the last `take`."""

    def take(self, ids: list[int], *, last: bool = False, stopped: bool = False) -> str:
        """The text that `ids` make visible. `last`: the completion is over. `stopped`: it is over by a stop text."""
        self._add(ids, last)
        if not self._stops:
            return self._release(None)
        held = "".join(text for text, _ in self._held)
        found = [(held.find(stop), stop) for stop in self._stops if stop in held]
        if stopped and found:
            start, self.stopped_by = min(found, key=lambda f: f[0])
            return self._release(start + (len(self.stopped_by) if self._keep_stop else 0))
        if last:
            return self._release(None)
        # A stop text may be whole already: the engine appends its last token a moment before it says that it has ended.
        return self._release(max(0, min(len(held) - self._hold, *(start for start, _ in found), len(held))))

    def _add(self, ids: list[int], last: bool) -> None:
        if self._hidden.isdisjoint(ids):
            self._hold_text(self._growing.add(ids, last), True)
            return
        for i in ids:
            if i in self._hidden:
                self._hold_text(self._growing.add([], True), True)
                self._hold_text(self._growing.add([i]), False)
            else:
                self._hold_text(self._growing.add([i]), True)
        if last:
            self._hold_text(self._growing.add([], True), True)

    def _hold_text(self, text: str, visible: bool) -> None:
        if text:
            self._held.append((text, visible))

    def _release(self, count: int | None) -> str:
        """The visible ones of the first `count` characters held, which are then forgotten; of all with None."""
        out = []
        while self._held and count != 0:
            text, visible = self._held.popleft()
            if count is not None:
                if len(text) > count:
                    self._held.appendleft((text[count:], visible))
                    text = text[:count]
                count -= len(text)
            if visible:
                out.append(text)
        return "".join(out)

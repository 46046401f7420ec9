"""Cue words of four behaviours, for the filter of a `synthesize` stage.

A coarse check on words, counted in lower case and once a place: it does not look at what a sentence says of itself ("no need
to check"), and is not the detector whose spans the inspector shows. The lists follow those that are in use for counting
self-reflection in traces.
"""

import re

CUES: dict[str, tuple[str, ...]] = {
    "verification": (
        *("verify", "verifies", "verifying", "validate", "double-check", "let me check", "let's check", "check again"),
        *("recheck", "re-check", "plug back", "substitute back", "substituting back", "to confirm", "confirms that"),
    ),
    "backtracking": (
        *(
            "wait",
            "that is wrong",
            "that's wrong",
            "that is not right",
            "i made a mistake",
            "made an error",
            "try again",
        ),
        *("let me redo", "start over", "going back", "on second thought", "is incorrect", "does not follow"),
    ),
    "subgoal": (
        "first, ",
        "second, ",
        "next, ",
        "step 1",
        "i need to find",
        "we need to find",
        "break it down",
        "let's find",
    ),
    "backward_reasoning": (
        "working backward",
        "work backward",
        "working backwards",
        "in reverse",
        "suppose the answer",
    ),
}
_EXPRESSIONS = {
    name: re.compile(
        "|".join(rf"(?<![a-z]){re.escape(cue)}(?![a-z])" if cue[-1].isalpha() else re.escape(cue) for cue in cues)
    )
    for name, cues in CUES.items()
}


def count(text: str, behaviour: str) -> int:
    """Places in `text` where a cue word of the behaviour stands. Raises KeyError for an unknown behaviour."""
    return sum(1 for _ in _EXPRESSIONS[behaviour].finditer(text.lower()))

"""Answers that a text states in words ("The answer is …", `#### 5`, `<answer>…</answer>`), and the one that its last line is.

The same rules as `core/answers/stated.ts`; positions here are code points.
"""

import re
from collections.abc import Iterator

from .boxes import BLANKS, Found, trimmed

_STATED_LIMIT = 400
_TAG_LIMIT = 4_000


def _compiled(pattern: str, flags: int = re.ASCII) -> re.Pattern[str]:
    """`@` stands for white space as JavaScript has it, without the brackets of a class."""
    return re.compile(pattern.replace("@", BLANKS), flags)


_SAYS = (
    r"(?:\b(?:the|my|our|your|so|thus|therefore|hence|final|correct)[,:]? (?:\w+ ){0,2}(?:answer|result|solution|value)"
    r"(?: (?:to|of|for) [^.:=\n]{1,80})?|\banswer)[^\w.!?]{0,6}?(?:(?:\bis\b)?[@]{0,2}[:=：]"
    r"|\bis(?: equal to)?(?: (?:thus|therefore|then|indeed|simply|just|still))?\b)[@]{0,4}|\banswer[@]{1,3}(?=\$|\\[(\[])"
)
_WORD = r"(?<![A-Za-z0-9_])"
_SAYS_ELSEWHERE = (
    r"(?:答案|结果|正解|답|정답|答え)(?:应该)?(?:(?:是|为|為|は|은|는|이)[:：]?|[:：])[@]{0,4}"
    rf"|{_WORD}respuesta(?: final| correcta)?(?: es|:)[@]{{0,4}}"
    rf"|{_WORD}r[éÉe]ponse(?: finale| correcte)?(?: est| ?:)[@]{{0,4}}"
    rf"|{_WORD}antwort(?: ist| lautet|:)[@]{{0,4}}|[Оо]твет(?: ?[:—–-])[@]{{0,4}}"
    rf"|{_WORD}risposta(?: finale)?(?: è|:)[@]{{0,4}}|{_WORD}resposta(?: final)?(?: é|:)[@]{{0,4}}"
    rf"|คำตอบ(?:คือ|:)[@]{{0,4}}|{_WORD}jibu(?: ni|:)[@]{{0,4}}|উত্তর ?[:=হ][@]{{0,4}}|సమాధానం ?[:=][@]{{0,4}}"
)
_STATED = _compiled(rf"(?a:{_SAYS})|{_SAYS_ELSEWHERE}|(?<![^\n])####[ \t]{{0,4}}", re.IGNORECASE)

_KEYWORDS = re.compile(
    r"(?:[Aa]nswer|ANSWER|[Rr]esult|RESULT|[Ss]olution|SOLUTION|[Vv]alue|VALUE)(?=[\s\S]{0,100}?(?:\b[Ii][Ss]|[:=：]|\$|\\[(\[]))"
    r"|答|正解|结果|[Rr]isposta|[Rr]esp[ou](?:sta|esta)|[Rr][éÉe]ponse|[Aa]ntwort|твет|답|คำตอบ|[Jj]ibu|উত্তর|సమాధానం|####"
)
"""What every match of `_STATED` has in it, in the spellings that occur."""
_BEFORE, _BEHIND = 120, 140

_NO_ANSWER = _compiled(
    r"(?:not|just|the|in|to|that|going|supposed|correct|right|wrong|probably|unclear|an?|clear|given|found|obtained"
    r"|expected|what|done|complete|finished|indeed)\b",
    re.ASCII | re.IGNORECASE,
)
_FORMULA_SIGN = _compiled(r"[\d\\$]")
_ANSWER_SIGN = _compiled(r"[\d\\$=√π∞]")
_GAP = _compiled(r"[@]+")
_DISPLAY = _compiled(r"[@]*(\\\[|\$\$)")
_COPULA = re.compile(r"(?:です|である|입니다|이다)\Z")
_OPENER = _compiled(r"[@*]*(\\\(|\\\[|\$\$?)")
_STOPS = re.compile(r"[{}\n.!?;。；]")
_GOES_ON = re.compile(r"[0-9A-Za-z]")
_EMPHASIS = _compiled(r"[*_]{1,3}[@]*")
_TAG_PLACEHOLDER = _compiled(r"(?:\.{2,}|…|(?:your |the |final )*answer(?: here)?)", re.ASCII | re.IGNORECASE)
_TAILS = (
    _compiled(r"(?:<\|[^|<>]{1,40}\|>[@]*(?:user|assistant|system)?[@]*)+\Z"),
    _compiled(r"[@]*I hope (?:it|this) (?:is correct|helps)[.!]?\Z", re.ASCII | re.IGNORECASE),
)
_SENTENCE = _compiled(r"(?:[.!?](?:\$\$?|\\[)\]])?(?=[@]+[\"'(*]{0,2}[A-Z\\$])|[。！？])[@]*")
_SENTENCE_WORDS = _compiled(
    r"\b(?:is|are|was|were|be|equals?|gets?|got|have|has|gives?|obtain|find|found|becomes?|yields?|conclude|there|so"
    r"|thus|hence|therefore|we|must)\b",
    re.ASCII | re.IGNORECASE,
)
_LABELLED = _compiled(r":[@]*(?:\$[^$]{1,400}\$|\\\([\s\S]{1,400}\\\))\Z")
_SAID_AT_THE_END = _compiled(
    r"\b(?:is|are|equals|be|was)[@]((?:\$[^$]{1,200}\$|\\\([\s\S]{1,200}?\\\)|[-+]?\d[\d,]*(?:\.\d+)?(?:/\d+)?%?)\.?)\Z"
)
_FINISHED = _compiled(r"(?:[.!。]|\$|\\\)|\\\]|\*\*)\Z")
_CLOSER = _compiled(r"(?:\\\]|\$\$)\Z")
_BEFORE_REASON = _compiled(
    r"(\$[^$]{1,200}\$|\\\([\s\S]{1,200}?\\\)|[-+]?\d[\d,]*(?:\.\d+)?(?:/\d+)?%?)(?:[@]\w+)?[@,;(—–]+"
    r"(?:because|since|as|which|so|but|if|when|by|from|not|rather|instead|given|where|that|after)\b"
)
_VERB = _compiled(r"\b(?:is|are|equals|be|was|=)[@]+(?=[$\\(*]{0,4}[-+]?[\d.]*\d|[$\\])")
_FORMULA = _compiled(r"\$\$?([^$]{1,300})\$|\\[(\[]([\s\S]{1,300}?)\\[)\]]")
_NUMBER = _compiled(r"[-+]?\d[\d,]*(?:\.\d+)?(?:/\d+)?%?")
_FORMULAS = _compiled(r"\$[^$]*\$|\\\([\s\S]*?\\\)|\\[a-zA-Z]+(?:\{[^{}]*\})?")
_PROSE = _compiled(r"[A-Za-z]{3,}")
_MATHS = _compiled(r"\$|\\[(\[]")

_WRAPPERS = (
    ("$$", "$$"),
    ("$", "$"),
    ("\\(", "\\)"),
    ("\\[", "\\]"),
    ("**", "**"),
    ("*", "*"),
    ("`", "`"),
    ('"', '"'),
    ("“", "”"),
)


def stated(text: str) -> list[Found]:
    """Every answer that is stated in words, by position."""
    found = []
    for match in _statements(text):
        start = match.end()
        stop = _statement_end(text, start, min(len(text), start + _STATED_LIMIT))
        if stop == len(text) and _is_cut(text[start:stop]):
            continue
        answer = _refined(text, _unwrapped(text, start, stop))
        if answer and _looks_like_answer(text[slice(*answer)]):
            found.append(answer)
    return found


def _statements(text: str) -> Iterator[re.Match[str]]:
    """Every match of the pattern, tried only around its own words: on long texts that is many times faster than everywhere."""
    begin = end = 0
    for key in _KEYWORDS.finditer(text):
        start = max(text.rfind("\n", 0, key.start()) + 1, key.start() - _BEFORE)
        if start > end:
            yield from _STATED.finditer(text, begin, end)
            begin = start
        end = min(len(text), key.end() + _BEHIND)
    yield from _STATED.finditer(text, begin, end)


def _is_cut(said: str) -> bool:
    """The text ends inside the formula with which the statement begins."""
    opener = _OPENER.match(said)
    if not opener:
        return False
    closer = {"\\(": "\\)", "\\[": "\\]"}.get(opener.group(1), opener.group(1))
    return closer not in said[opener.end() :]


def tagged(text: str) -> list[Found]:
    """What stands in `<answer>…</answer>`."""
    found = []
    begin = 0
    while (opened := text.find("<answer>", begin)) >= 0:
        begin = opened + len("<answer>")
        close = text.find("</answer>", begin)
        if close < 0:
            break
        inner = text.rfind("<answer>", 0, close)
        if inner > opened:
            begin = inner + len("<answer>")
        if close - begin <= _TAG_LIMIT:
            whole = _unwrapped(text, begin, close)
            answer = _refined(text, whole) if whole and _prose_words(text[slice(*whole)]) > 3 else whole
            if answer and not _TAG_PLACEHOLDER.fullmatch(text, *answer):
                found.append(answer)
        begin = close
    return found


def final_line(text: str) -> Found | None:
    """The answer that the last line of a text is or ends with; None for a line that says none or was cut."""
    start, end = trimmed(text, 0, len(text))
    for tail in _TAILS:
        begin = max(start, end - 200)
        if match := tail.search(text[begin:end]):
            start, end = trimmed(text, start, begin + match.start())
    if end <= start:
        return None
    closer = _CLOSER.search(text[max(start, end - 2) : end])
    sign = "$$" if closer and closer.group() == "$$" else "\\["
    opener = text.rfind(sign, 0, max(0, end - 3 + len(sign))) if closer else -1
    line = opener if opener >= start else max(text.rfind("\n", 0, end) + 1, start)
    if opener < start and _prose_words(text[max(line, end - 2 * _STATED_LIMIT) : end]) > 3:
        begin = max(line, end - _STATED_LIMIT)
        stops = [m for m in _SENTENCE.finditer(text[begin:end]) if begin + m.end() < end]
        if stops:
            line = begin + stops[-1].end()
    if text.find("\\boxed", line, end) >= 0 or text.find("\\fbox", line, end) >= 0:
        return None
    if end - line > _STATED_LIMIT and (match := _SAID_AT_THE_END.search(text[max(line, end - _STATED_LIMIT) : end])):
        return _unwrapped(text, end - len(match.group(1)), end)
    ends = f"{text[line : min(end, line + _TAG_LIMIT)]} {text[max(line, end - _TAG_LIMIT) : end]}"
    if end - line > _STATED_LIMIT and _prose_words(ends) > 0:
        return None
    if end - line > 2 * _TAG_LIMIT:
        return trimmed(text, line, end)
    said = text[line:end]
    whole = _unwrapped(text, line, end)
    if not whole:
        return None
    words = _prose_words(text[slice(*whole)])
    is_all = trimmed(text, 0, len(text)).start == line
    if words > 0 and not _FINISHED.search(said) and not (is_all and len(said) <= 100):
        return None
    answer: Found | None = whole
    if words > 0 and (_SENTENCE_WORDS.search(said) or said.endswith((".", "。")) or _LABELLED.search(said)):
        answer = _refined(text, whole)
    if answer and _looks_like_answer(text[slice(*answer)]) and _prose_words(text[slice(*answer)]) <= 3:
        return answer
    return whole if is_all and words <= 3 else None


def _statement_end(text: str, start: int, limit: int) -> int:
    """A statement ends with its sentence or line; a stop inside a number or a formula is no end."""
    if display := _DISPLAY.match(text[start : start + 8]):
        closer = "$$" if display.group(1) == "$$" else "\\]"
        at = text.find(closer, start + display.end())
        if 0 <= at < limit:
            return at + len(closer)
    depth = 0
    for match in _STOPS.finditer(text, start, limit):
        c, i = match.group(), match.start()
        if c == "{":
            depth += 1
        elif c == "}":
            depth -= 1
        elif depth > 0:
            continue
        elif c == "\n":
            if i > start:
                return i
        elif not _GOES_ON.match(text, i + 1) and text[max(0, i - 1) : i] != "\\" and text[i : i + 2] != "!=":
            return i
    return limit


def _unwrapped(text: str, start: int, end: int) -> Found | None:
    """Without emphasis, quotation marks and the delimiters of one formula around all of it."""
    start, end = trimmed(text, start, end)
    changed = True
    while changed and start < end:
        changed = False
        for opener, closer in _WRAPPERS:
            if (
                end - start <= len(opener) + len(closer)
                or not text.startswith(opener, start)
                or not text.endswith(closer, 0, end)
                or closer in text[start + len(opener) : end - len(closer)]
            ):
                continue
            start, end = trimmed(text, start + len(opener), end - len(closer))
            changed = True
        emphasis = _EMPHASIS.match(text[start : min(start + 8, end)])
        if emphasis and emphasis.group().strip(BLANKS) not in text[start + emphasis.end() : end]:
            start += emphasis.end()
            changed = True
        if copula := _COPULA.search(text[max(start, end - 4) : end]):
            end -= len(copula.group())
        while end > start and text[end - 1] in "*.,:" and not (end > 1 and text[end - 2] == "\\"):
            end -= 1
            changed = True
    return Found(start, end) if end > start else None


def _looks_like_answer(answer: str) -> bool:
    """ "The answer is not clear" states nothing: there must be a number, a formula or a short name."""
    if _NO_ANSWER.match(answer) and not _FORMULA_SIGN.search(answer):
        return False
    return bool(_ANSWER_SIGN.search(answer)) or len(_GAP.split(answer.strip(BLANKS))) <= 4


def _refined(text: str, answer: Found | None) -> Found | None:
    """Of a sentence the part that answers: before its "because", behind its last "is", its last formula, its last number."""
    if not answer:
        return answer
    said = text[slice(*answer)]
    words = _prose_words(said)
    if words == 0 or (words < 2 and not _MATHS.search(said)):
        return answer
    if first := _BEFORE_REASON.match(said):
        return _unwrapped(text, answer.start, answer.start + len(first.group(1).removesuffix(",")))
    if verbs := list(_VERB.finditer(said)):
        after = _unwrapped(text, answer.start + verbs[-1].end(), answer.end)
        if after and _prose_words(text[slice(*after)]) <= 2:
            return after
    formula = next(reversed(list(_FORMULA.finditer(said))), None)
    behind = formula.end() if formula else 0
    if numbers := list(_NUMBER.finditer(said[behind:])):
        at = answer.start + behind + numbers[-1].start()
        return trimmed(text, at, at + len(numbers[-1].group().removesuffix(",")))
    content = (formula.group(1) or formula.group(2) or "") if formula else ""
    if not formula or not content.strip(BLANKS):
        return answer
    at = answer.start + formula.start() + formula.group().index(content)
    return trimmed(text, at, at + len(content))


def _prose_words(text: str) -> int:
    """Words of three letters or more outside formulas."""
    return len(_PROSE.findall(_FORMULAS.sub(" ", text)))

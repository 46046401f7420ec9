"""Text as every reader of a record sees it: valid Unicode, positions in UTF-16 units."""


def utf16_length(text: str) -> int:
    """Length of `text` in UTF-16 units, as JavaScript counts it."""
    return utf16_offset(text, len(text))


def utf16_offset(text: str, index: int) -> int:
    """The UTF-16 offset of the character at `index` (in code points, clamped to the text)."""
    head = text[:index]
    return len(head) if head.isascii() else len(head) + sum(c > "\uffff" for c in head)


def with_opened_thought(text: str) -> str:
    """A completion with the `<think>` that it lacks where its model's chat template puts it at the end of the prompt.

    In a data set it belongs to the completion: another model's template does not put it there.
    """
    close = text.find("</think>")
    return f"<think>\n{text}" if close >= 0 and "<think>" not in text[:close] else text


def clean_text(text: str) -> str:
    """`text` as valid Unicode: surrogate halves are joined, and each one that stands alone becomes U+FFFD.

    The length in UTF-16 units does not change, so offsets taken before still hold.
    """
    try:
        text.encode()
        return text
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

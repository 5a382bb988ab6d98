"""Functions of text."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Callable

WHITE = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")


def trimmed(front: bool, behind: bool) -> Callable[[str], str]:
    """Without white space at the ends, by Unicode's White_Space."""

    def run(text: str) -> str:
        if front and (match := WHITE.match(text)):
            text = text[match.end() :]
        while behind and text and WHITE.fullmatch(text[-1]):
            text = text[:-1]
        return text

    return run


def simple(change: Callable[[str], str]) -> Callable[[str], str]:
    """Upper or lower case by the simple mapping: one character stays one."""
    return lambda text: "".join(c if len(change(c)) != 1 else change(c) for c in text)


def substr(text: str, start: int, length: int | None = None) -> str | None:
    """So many characters from a place that counts from 1, or from the end."""
    if length is not None and length < 0:
        return None
    first = start - 1 if start > 0 else len(text) + start if start < 0 else 0
    first = max(first, 0)
    return text[first:] if length is None else text[first : first + length]


def split(text: str, by: str) -> tuple[str, ...]:
    """The parts between separators; the code points if the separator is empty."""
    return tuple(text.split(by)) if by else tuple(text)


def tokens(text: str) -> tuple[str, ...]:
    """The longest runs of letters, marks and numbers, in lower case."""
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in text)
    return tuple(simple(str.lower)(word) for word in kept.split(" ") if word)


def ngrams(text: str, count: int) -> tuple[str, ...]:
    """The runs of so many code points."""
    return tuple(text[at : at + count] for at in range(len(text) - count + 1))


def matches(text: str, pattern: str) -> bool:
    """Whether a pattern occurs; the generator's patterns mean the same in RE2 and here."""
    return re.search(pattern, text, re.ASCII) is not None


def extract(text: str, pattern: str, group: int = 0) -> str | None:
    """The first match, or one of its groups."""
    found = re.search(pattern, text, re.ASCII)
    return None if found is None else found[group]


def strip_accents(text: str) -> str:
    """Without combining marks."""
    parts = unicodedata.normalize("NFD", text)
    kept = "".join(c for c in parts if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", kept)


def levenshtein(left: str, right: str) -> int:
    """The least number of insertions, deletions and changes of one character."""
    row = list(range(len(right) + 1))
    for at, one in enumerate(left, 1):
        before, row[0] = row[0], at
        for place, other in enumerate(right, 1):
            change = before + (one != other)
            before = row[place]
            row[place] = min(change, row[place] + 1, row[place - 1] + 1)
    return row[-1]


TEXT: dict[str, tuple[str, Callable[..., Any]]] = {
    "lower": ("string", simple(str.lower)),
    "upper": ("string", simple(str.upper)),
    "trim": ("string", trimmed(True, True)),
    "ltrim": ("string", trimmed(True, False)),
    "rtrim": ("string", trimmed(False, True)),
    "length": ("int64", len),
    "substr": ("string", substr),
    "replace": ("string", lambda text, old, new: text.replace(old, new) if old else text),
    "starts_with": ("bool", str.startswith),
    "ends_with": ("bool", str.endswith),
    "contains": ("bool", lambda text, part: part in text),
    "split": ("list<string>", split),
    "regexp_matches": ("bool", matches),
    "regexp_extract": ("string", extract),
    "normalize": ("string", lambda text, form: unicodedata.normalize(form, text)),
    "strip_accents": ("string", strip_accents),
    "levenshtein": ("int64", levenshtein),
    "tokens": ("list<string>", tokens),
    "ngrams": ("list<string>", ngrams),
}

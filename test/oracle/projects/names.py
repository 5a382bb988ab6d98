"""What an expression may name, by type, and templates that are filled with such names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random


@dataclass
class Names:
    """Names by type."""

    by_type: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, kind: str) -> None:
        """One more name."""
        self.by_type.setdefault(kind, []).append(name)

    def pick(self, rng: Random, *kinds: str) -> tuple[str, str] | None:
        """A name of one of the types."""
        found = [(name, kind) for kind in kinds for name in self.by_type.get(kind, [])]
        return rng.choice(found) if found else None

    def joined(self, other: "Names") -> "Names":
        """The names of both."""
        made = Names({kind: list(names) for kind, names in self.by_type.items()})
        for kind, names in other.by_type.items():
            for name in names:
                if name not in made.by_type.get(kind, []):
                    made.add(name, kind)
        return made


# What the letters in the holes of a template stand for.
HOLES = {
    "f": ("float64",), "i": ("int64",), "n": ("float64", "int64"), "s": ("string",),
    "b": ("bool",), "t": ("timestamp",), "d": ("date",), "m": ("decimal(2)",),
    "u": ("duration",), "x": ("bytes",), "j": ("json",),
    "ls": ("list<string>",), "lf": ("list<float64>",), "li": ("list<int64>",),
    "mi": ("map<int64>",), "ms": ("map<string>",), "v": ("vector(3)",),
    "o": ("int64", "float64", "string", "decimal(2)", "bool", "date", "timestamp", "duration",
          "bytes"),
    "l": ("list<string>", "list<float64>", "list<int64>"),
    "any": ("int64", "float64", "string", "bool", "json", "list<string>", "map<int64>",
            "vector(3)"),
}
HOLE = re.compile(r"\{([a-z]+)(\d?)\}")


@dataclass(frozen=True)
class Template:
    """Text with holes; the type is one by name, or that of a hole after `=`."""

    text: str
    kind: str

    def fill(self, rng: Random, names: Names, zone: str) -> tuple[str, str] | None:
        """The text with names in its holes, and its type; None if a name is missing."""
        found: dict[str, tuple[str, str]] = {}
        for letter, number in HOLE.findall(self.text):
            if letter == "z":
                found[letter + number] = (zone, "")
            elif letter + number not in found:
                chosen = names.pick(rng, *HOLES[letter])
                if chosen is None:
                    return None
                found[letter + number] = chosen
        text = HOLE.sub(lambda match: found[match[1] + match[2]][0], self.text)
        return text, self.kind_of(found)

    def kind_of(self, found: dict[str, tuple[str, str]]) -> str:
        """The type: `=h` that of a hole, `+h,k` the number type of two, `[h` a list's element."""
        if self.kind[0] == "=":
            return found[self.kind[1:]][1]
        if self.kind[0] == "+":
            kinds = {found[hole][1] for hole in self.kind[1:].split(",")}
            return "float64" if "float64" in kinds else kinds.pop()
        if self.kind[0] == "[":
            kind = found[self.kind[1:]][1]
            return kind[kind.index("<") + 1 : -1]
        if self.kind[0] == "]":
            return f"list<{found[self.kind[1:]][1]}>"
        return self.kind

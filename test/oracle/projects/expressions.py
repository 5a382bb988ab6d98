"""Random text of aggregates, conditions and derived expressions, with their types."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from .themes import DAY, Theme, duration

AGGREGATES = [
    "count()", "count", "count_if", "count(distinct)", "sum", "avg", "min", "max", "var_samp",
    "var_pop", "stddev_samp", "stddev_pop", "first", "last", "any", "all",
]
WINDOWS = ["w", "w offset", "all", "all since", "all offset"]
PAIRS = [(aggregate, window) for window in WINDOWS for aggregate in AGGREGATES]
PER_PROJECT = 32
ORDERED = ("int64", "float64", "string", "decimal(2)", "bool", "date", "timestamp")


@dataclass
class Names:
    """What an expression may name, by type."""

    by_type: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, kind: str) -> None:
        """One more name."""
        self.by_type.setdefault(kind, []).append(name)

    def pick(self, rng: Random, *kinds: str) -> tuple[str, str] | None:
        """A name of one of the types."""
        found = [(name, kind) for kind in kinds for name in self.by_type.get(kind, [])]
        return rng.choice(found) if found else None


EVENT_NAMES = Names(
    {
        "float64": ["amount", "ratio"],
        "int64": ["qty", "big"],
        "decimal(2)": ["price"],
        "string": ["status", "note", "grp"],
        "bool": ["flag"],
        "date": ["day"],
        "timestamp": ["seen", "event_time"],
    }
)
TABLE_NAMES = Names(
    {
        "float64": ["score"], "int64": ["level"], "string": ["home", "op"],
        "timestamp": ["event_time"],
    }
)


EVENT_NUMBERS = [("amount", "float64"), ("ratio", "float64"), ("qty", "int64"), ("big", "int64")]


def condition(rng: Random, names: Names) -> str:
    """A condition over columns of one event."""
    options = []
    if names.by_type.get("float64"):
        column = names.by_type["float64"][0]
        options += [f"{column} > 0", f"{column} is not null", f"{column} between -10 and 50.5",
                    f"abs({column}) < 30.0"]
    if names.by_type.get("int64"):
        column = names.by_type["int64"][0]
        options += [f"{column} >= 2", f"{column} % 2 = 0", f"{column} in (1, 3, 5, null)",
                    f"{column} <> 0", f"not ({column} < 3)", f"{column} = 2.0 or {column} = 4"]
    if "status" in names.by_type.get("string", []):
        options += ["status = 'paid'", "status in ('paid', 'open', '')", "lower(status) = 'paid'",
                    "status like 'p%' or flag", "flag", "not flag", "status is distinct from note",
                    "price > 1000", "seen < event_time", "coalesce(note, status) <> 'x'",
                    "day >= date '2024-02-27' or day is null", "status <> 'void' and qty > -2",
                    "seen + 2d > event_time", "length(note) = 1", "note like '_'"]
    if "home" in names.by_type.get("string", []):
        options += ["home = 'g1'", "op is null or op <> 'x'"]
    return rng.choice(options)


def numeric_argument(rng: Random, names: Names) -> tuple[str, str]:
    """A number to fold."""
    floats, ints = names.by_type["float64"], names.by_type["int64"]
    options = [(name, "float64") for name in floats for _ in range(3)]
    options += [(name, "int64") for name in ints for _ in range(2)]
    options += [(name, "decimal(2)") for name in names.by_type.get("decimal(2)", []) for _ in "ab"]
    options += [
        (f"{floats[0]} * {ints[0]}", "float64"),
        (f"{ints[0]} + 1", "int64"),
        (f"abs({floats[-1]})", "float64"),
        (f"coalesce({floats[0]}, 0.0)", "float64"),
        (f"{floats[0]} - {floats[-1]}", "float64"),
        (f"{ints[0]} / 3", "float64"),
        (f"case when {ints[0]} > 1 then {floats[0]} else 1 end", "float64"),
    ]
    return rng.choice(options)


def aggregate_call(rng: Random, name: str, names: Names) -> tuple[str, str]:
    """The call without its window, and its type."""
    if name == "count()":
        return rng.choice(["count()", "count(*)"]), "int64"
    if name in ("count", "count(distinct)"):
        column, _ = names.pick(rng, *ORDERED) or ("qty", "int64")
        return f"count({'distinct ' if name != 'count' else ''}{column})", "int64"
    if name == "count_if":
        return f"count_if({condition(rng, names)})", "int64"
    if name in ("any", "all"):
        return f"{name}({condition(rng, names)})", "bool"
    if name in ("min", "max", "first", "last"):
        column, kind = names.pick(rng, *ORDERED) or ("qty", "int64")
        return f"{name}({column})", kind
    argument, kind = numeric_argument(rng, names)
    spoken = {"var_samp": ["var_samp", "var"], "stddev_samp": ["stddev_samp", "stddev"]}
    written = rng.choice(spoken.get(name, [name]))
    if name == "sum":
        return f"sum({argument})", kind
    if name == "avg" and kind == "decimal(2)":
        return f"avg({argument})", "decimal(8)"
    return f"{written}({argument})", "float64"


def window_text(theme: Theme, kind: str) -> str:
    """A window of a kind; its ends meet hot times."""
    rng = theme.rng
    length, offset = duration(rng.choice(theme.windows)), duration(rng.choice(theme.offsets))
    if kind == "w":
        return length
    if kind == "w offset":
        return f"{length} offset {offset}"
    if kind == "all":
        return "all"
    if kind == "all offset":
        return f"all offset {offset}"
    from fettle_oracle.times import naive

    day = naive(theme.start // DAY * DAY + rng.choice([0, 1, 2]) * DAY)
    return f"all since '{day:%Y-%m-%d}'"


def aggregate_text(theme: Theme, pair: tuple[str, str], names: Names) -> tuple[str, str]:
    """An aggregate over a window, often filtered, and its type."""
    rng = theme.rng
    call, kind = aggregate_call(rng, pair[0], names)
    where = f" where {condition(rng, names)}" if rng.random() < 0.35 else ""
    return f"{call}{where} over {window_text(theme, pair[1])}", kind


def pairs_of(seed: int) -> list[tuple[str, str]]:
    """The aggregates of a project: consecutive seeds share all pairs evenly."""
    first = seed * PER_PROJECT
    return [PAIRS[(first + step) * 37 % len(PAIRS)] for step in range(PER_PROJECT)]


def derived_text(rng: Random, names: Names, zone: str) -> tuple[str, str] | None:
    """A scalar expression over features and columns of the newest row, and its type."""
    number = names.pick(rng, "float64", "int64")
    other = names.pick(rng, "float64", "int64")
    whole = names.pick(rng, "int64")
    text = names.pick(rng, "string")
    truth = names.pick(rng, "bool")
    moment = names.pick(rng, "timestamp")
    options: list[tuple[str, str]] = []
    if number and other:
        a, b = number[0], other[0]
        kind = "int64" if number[1] == other[1] == "int64" else "float64"
        if number in EVENT_NUMBERS:
            options += [(f"event.{a} + 1", number[1]), (f"abs(event.{a}) * 2", number[1])]
        elif a[0] in "fd" and a[1:].isdigit():
            options.append((f"this.{a} * 2", number[1]))
        options += [
            (f"{a} / nullif({b}, 0)", "float64"),
            (f"{a} + {b}", kind),
            (f"{a} - {b} * 2", kind),
            (f"case when {a} > {b} then {a} when {a} = {b} then 0 end", number[1]),
            (f"{a} >= {b}", "bool"),
            (f"coalesce({a}, {b})", kind),
            (f"greatest({a}, {b}, 1)", kind),
            (f"{a} between 0 and {b}", "bool"),
            (f"if({b} is null, 0, {a})", number[1]),
            (f"abs({a}) / 3", "float64"),
            (f"{a} / {b}", "float64"),
            (f"round({a} + 0.5)", "float64"),
            (f"round({a}, 1)", number[1]),
            (f"round({a}, -1)", number[1]),
            (f"clip({a}, -1, 30)", number[1]),
            (f"safe_div({a}, {b}, -1)", "float64"),
            (f"sign({a})", "int64"),
            (f"floor({a}) - ceil({b})", kind),
            (f"trunc({a})", number[1]),
            (f"sqrt(abs({a}))", "float64"),
            (f"cast({a} as int64)", "int64"),
            (f"least({a}, {b}) is not distinct from {a}", "bool"),
        ]
    if whole:
        a = whole[0]
        options += [(f"{a} % 3", "int64"), (f"{a} div 2", "int64"), (f"{a} in (0, 1, 2)", "bool"),
                    (f"cast({a} as string) || '!'", "string"), (f"(-{a})", "int64")]
    if text:
        a = text[0]
        options += [(f"coalesce({a}, 'none')", "string"), (f"{a} is null", "bool"),
                    (f"{a} || '-' || {a}", "string"), (f"length({a})", "int64"),
                    (f"case {a} when 'paid' then 1 when 'open' then 2 else 0 end", "int64"),
                    (f"replace({a}, 'i', 'ii')", "string"), (f"substr({a}, 2, 2)", "string"),
                    (f"starts_with({a}, 'p') or ends_with({a}, 'd')", "bool"),
                    (f"contains(lower({a}), 'p')", "bool"),
                    (f"{a} in ('paid', 'g1', 'x')", "bool"), (f"upper({a})", "string")]
    if truth:
        a = truth[0]
        options += [(f"not {a}", "bool"), (f"if({a}, 1, 0)", "int64"), (f"{a} or 1 = 2", "bool")]
    money = names.pick(rng, "decimal(2)")
    if money:
        a = money[0]
        options += [(f"{a} + 1", "decimal(2)"), (f"{a} * {a}", "decimal(4)"),
                    (f"{a} / 3", "decimal(8)"), (f"{a} / nullif({a} - 1, 0)", "decimal(8)"),
                    (f"{a} > 100.5", "bool"), (f"coalesce({a}, 0)", "decimal(2)")]
    if moment:
        a = moment[0]
        options += [(f"seconds_since({a})", "float64"), (f"hours_since({a})", "float64"),
                    (f"hour({a}, '{zone}')", "int64"), (f"date({a}, '{zone}')", "date"),
                    (f"day_of_week({a})", "int64"), (f"is_weekend({a}, '{zone}')", "bool"),
                    (f"date_trunc('hour', {a}, '{zone}')", "timestamp"),
                    (f"date_trunc('month', {a})", "timestamp"), (f"week({a})", "int64"),
                    (f"date_trunc('day', {a}, '{zone}')", "timestamp"),
                    (f"epoch_seconds({a})", "float64"), (f"day_of_year({a}, '{zone}')", "int64"),
                    (f"as_of - {a} > 1d", "bool"), (f"{a} + 90m", "timestamp")]
    return rng.choice(options) if options else None


DEFAULTS = {
    "float64": ["1.5", "0", "-0.25", "1e-9"], "int64": ["0", "7", "-1"], "bool": ["true", "false"],
}

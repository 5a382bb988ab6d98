"""Random text of aggregates over windows, and of conditions on events, with their types."""

from __future__ import annotations

from random import Random

from fettle_oracle.times import naive

from .catalog import WAITING
from .names import Names, Template
from .scalars import uses_waiting
from .themes import DAY, HOUR, Theme, duration

ORDERED = (
    "int64", "float64", "string", "decimal(2)", "bool", "date", "timestamp", "duration", "bytes",
)
KEYED = ("int64", "float64", "string", "decimal(2)", "bool", "date", "timestamp")
NESTED = ("json", "list<string>", "list<float64>", "map<int64>", "vector(3)")
ALL = ORDERED if "nested" in WAITING else ORDERED + NESTED
SPREAD = ("var_samp", "var_pop", "stddev_samp", "stddev_pop", "skew", "kurtosis", "median")
SPOKEN = {"var_samp": ["var_samp", "var"], "stddev_samp": ["stddev_samp", "stddev"]}
COUNTS = [1, 2, 3, 5, 100, 10_000]
SHARES = ["0", "0.05", "0.25", "0.5", "0.9", "0.99", "1"]
COMPUTED = [  # arguments that read more than one column
    Template(text, kind) for text, kind in [
        ("{f} * {i}", "float64"), ("{i} + 1", "int64"), ("abs({f})", "float64"),
        ("coalesce({f}, 0.0)", "float64"), ("{f} - {f2}", "float64"), ("{i} / 3", "float64"),
        ("case when {i} > 1 then {f} else 1 end", "float64"), ("length({s})", "int64"),
        ("hour({t}, '{z}')", "int64"), ("epoch_seconds({t})", "float64"), ("{m} * 2", "decimal(2)"),
        ("{li}[0]", "int64"), ("{lf}[-1]", "float64"), ("{mi}['a']", "int64"),
        ("length({ls})", "int64"), ("sum_list({lf})", "float64"), ("{v}[1]", "float64"),
        ("dot({v}, {v2})", "float64"), ("json_number(json_get({j}, '$.n'))", "float64"),
    ] if not uses_waiting(text, kind)
]


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
    if "tags" in names.by_type.get("list<string>", []) and "nested" not in WAITING:
        options += ["contains(tags, 'new')", "starts_with(status, 'p')", "length(tags) > 1", "attrs['a'] is not null",
                    "json_get(doc, '$.os') is not null", "emb[0] >= 0"]
    return rng.choice(options)


def numeric(theme: Theme, names: Names) -> tuple[str, str]:
    """A number to fold: a column, or an expression of columns."""
    rng = theme.rng
    if rng.random() < 0.7:
        kinds = rng.choice([("float64",), ("float64",), ("int64",), ("decimal(2)", "int64")])
        return names.pick(rng, *kinds) or ("qty", "int64")
    while True:
        made = rng.choice(COMPUTED).fill(rng, names, theme.zone)
        if made:
            return made


def pick(rng: Random, names: Names, kinds: tuple[str, ...]) -> tuple[str, str]:
    """A column of one of the types, each type as likely."""
    present = [kind for kind in kinds if names.by_type.get(kind)]
    found = names.pick(rng, rng.choice(present))
    assert found
    return found


def listing(theme: Theme, name: str, names: Names) -> tuple[str, str] | None:
    """Aggregates whose second argument is how many."""
    rng = theme.rng
    count = rng.choice(COUNTS)
    if name in ("first n", "last n", "collect"):
        column, kind = pick(rng, names, ALL)
        return f"{name.removesuffix(' n')}({column}, {count})", f"list<{kind}>"
    if name in ("top_k", "largest", "smallest", "first_distinct", "last_distinct"):
        column, kind = pick(rng, names, ORDERED)
        return f"{name}({column}, {count})", f"list<{kind}>"
    if name == "collect_set":
        column, kind = pick(rng, names, ORDERED)
        return f"collect_set({column})", f"list<{kind}>"
    return None


def of_any(theme: Theme, name: str, names: Names) -> tuple[str, str] | None:
    """Aggregates of values of many types."""
    rng = theme.rng
    match name:
        case "count()":
            return rng.choice(["count()", "count(*)"]), "int64"
        case "count":
            return f"count({pick(rng, names, ALL)[0]})", "int64"
        case "count(distinct)":
            return f"count(distinct {pick(rng, names, ORDERED)[0]})", "int64"
        case "approx_distinct":
            return f"approx_distinct({pick(rng, names, ORDERED)[0]})", "int64"
        case "count_if" | "streak":
            return f"{name}({condition(rng, names)})", "int64"
        case "any" | "all":
            return f"{name}({condition(rng, names)})", "bool"
        case "min" | "max" | "mode":
            column, kind = pick(rng, names, ORDERED)
            return f"{name}({column})", kind
        case "first" | "last":
            column, kind = pick(rng, names, ALL)
            return f"{name}({column})", kind
        case "lag":
            column, kind = pick(rng, names, ALL)
            return f"lag({column}, {rng.choice([0, 1, 2, 7])})", kind
        case "min_by" | "max_by":
            column, kind = pick(rng, names, ALL)
            return f"{name}({column}, {pick(rng, names, ORDERED)[0]})", kind
        case "histogram":
            return f"histogram({pick(rng, names, KEYED)[0]})", "map<int64>"
        case "entropy":
            return f"entropy({pick(rng, names, ORDERED)[0]})", "float64"
    return None


def of_numbers(theme: Theme, name: str, names: Names) -> tuple[str, str]:
    """Aggregates of numbers."""
    rng = theme.rng
    argument, kind = numeric(theme, names)
    half = duration(rng.choice([HOUR, 6 * HOUR, DAY, 7 * DAY, 90_000_000]))
    match name:
        case "sum" | "delta":
            return f"{name}({argument})", kind
        case "avg":
            return f"avg({argument})", "decimal(8)" if kind == "decimal(2)" else "float64"
        case "covar" | "corr" | "slope":
            return f"{name}({argument}, {numeric(theme, names)[0]})", "float64"
        case "percentile" | "approx_percentile":
            return f"{name}({argument}, {rng.choice(SHARES)})", "float64"
        case "ewma":
            return f"ewma({argument}, {rng.choice(['0', '0.1', '0.3', '0.5', '1'])})", "float64"
        case "decayed_sum":
            return f"decayed_sum({argument}, {half})", "float64"
        case "decayed_count":
            return f"decayed_count({half})", "float64"
    return f"{rng.choice(SPOKEN.get(name, [name]))}({argument})", "float64"


def window_text(theme: Theme, kind: str) -> str:
    """A window of a kind; its ends meet hot times."""
    rng = theme.rng
    first, *more = kind.split()
    if first == "w":
        text = duration(rng.choice(theme.windows))
    elif first == "last":
        text = f"last {rng.choice([1, 2, 3, 5, 8, 20, 10_000])}"
    elif first == "session":
        text = f"session {duration(rng.choice([1, 2, 3, 6]) * theme.unit + rng.choice([0, 0, 1]))}"
        if "max" in more:
            text += f" max {duration(rng.choice([1, 2, 5, 12]) * theme.unit)}"
    elif first == "since":
        day = naive(theme.start // DAY * DAY + rng.choice([0, 1, 2]) * DAY)
        text = f"all since '{day:%Y-%m-%d}'"
    else:
        text = "all"
    if "offset" in more:
        counted = first in ("last", "session")
        few = rng.choice([1, 1, 2, 4])
        text += f" offset {few if counted else duration(rng.choice(theme.offsets))}"
    if "hop" in more:
        text += f" hop {duration(rng.choice([HOUR // 2, HOUR, 6 * HOUR, DAY, 7 * HOUR]))}"
    return text


def aggregate_text(theme: Theme, pair: tuple[str, str], names: Names) -> tuple[str, str]:
    """An aggregate over a window, often filtered, and its type."""
    rng, (name, window) = theme.rng, pair
    made = listing(theme, name, names) or of_any(theme, name, names)
    call, kind = made or of_numbers(theme, name, names)
    where = f" where {condition(rng, names)}" if rng.random() < 0.35 else ""
    return f"{call}{where} over {window_text(theme, window)}", kind

"""Templates of scalar expressions: every function and operator of the language stands in some."""

from __future__ import annotations

from random import Random

from .catalog import WAITING
from .names import Names, Template

NUMBERS = [
    ("{n} / nullif({n2}, 0)", "float64"), ("{n} + {n2}", "+n,n2"), ("{n} - {n2} * 2", "+n,n2"),
    ("case when {n} > {n2} then {n} when {n} = {n2} then 0 end", "=n"), ("{n} >= {n2}", "bool"), ("{n} <= {n2}", "bool"),
    ("coalesce({n}, {n2})", "+n,n2"), ("greatest({n}, {n2}, 1)", "+n,n2"),
    ("least({n}, {n2}, 2)", "+n,n2"), ("{n} between 0 and {n2}", "bool"),
    ("if({n} is null, 0, {n2})", "=n2"), ("abs({n}) / 3", "float64"), ("{n} / {n2}", "float64"),
    ("round({n} + 0.5)", "float64"), ("round({n}, 1)", "=n"), ("round({n}, -1)", "=n"),
    ("clip({n}, -1, 30)", "=n"), ("safe_div({n}, {n2}, -1)", "float64"),
    ("safe_div({n}, {n2}, null)", "float64"), ("sign({n})", "int64"),
    ("floor({n}) - ceil({n2})", "+n,n2"), ("trunc({n})", "=n"), ("sqrt(abs({n}))", "float64"),
    ("sqrt({n})", "float64"), ("cast({n} as int64)", "int64"), ("{n}::decimal(3)", "decimal(3)"),
    ("least({n}, {n2}) is not distinct from {n}", "bool"), ("ifnull({n}, 7)", "=n"),
    ("is_null({n}) or {n} <> {n2}", "bool"), ("{f} % 3", "float64"), ("{f} div 7", "float64"),
    ("{i} % 3", "int64"), ("{i} div 2", "int64"), ("{i} in (0, 1, 2)", "bool"),
    ("{i} not in (1, null, {i2})", "bool"), ("cast({i} as string) || '!'", "string"),
    ("(-{i})", "int64"), ("{f}::string", "string"), ("'<' || ({f})::string", "string"), ("{lf}::list<string>", "list<string>"), ("-{f}", "float64"), ("{i}::bool", "bool"),
    ("bucket({n}, [-1, 0, 2.5, 100])", "int64"), ("bucket({i}, [1, 2, 3])", "int64"),
    ("{m} + 1", "decimal(2)"), ("{m} * {m2}", "decimal(4)"), ("{m} / 3", "decimal(8)"),
    ("{m} / nullif({m2} - 1, 0)", "decimal(8)"), ("{m} > 100.5", "bool"), ("{m} % 7", "decimal(2)"),
    ("{m} div 3", "decimal(2)"), ("coalesce({m}, 0)", "decimal(2)"), ("round({m}, 1)", "decimal(2)"),
    ("floor({m})", "decimal(2)"), ("ceil({m}) - trunc({m2})", "decimal(2)"),
    ("abs({m}) + {i}", "decimal(2)"), ("{m}::int64 + 1", "int64"), ("{m}::float64", "float64"),
    ("{m}::string", "string"), ("bucket({m}, [0.5, 1000])", "int64"),
]
ELEMENTARY = [
    ("exp({n})", "float64"), ("exp({f} / 100)", "float64"), ("ln({n})", "float64"), ("ln(abs({f}) + 1)", "float64"),
    ("log10({n})", "float64"), ("log10(abs({n}))", "float64"), ("log2(abs({n}))", "float64"), ("log2({i})", "float64"),
    ("log1p({n})", "float64"), ("log1p(abs({f}))", "float64"), ("pow({n}, 2)", "float64"),
    ("pow({f}, -0.5)", "float64"), ("pow(abs({n}), 0.3)", "float64"), ("pow(1.5, {i})", "float64"),
    ("sin({n})", "float64"), ("cos({n})", "float64"), ("tan({n})", "float64"), ("atan2({n}, {n2})", "float64"),
    ("atan2({f}, -1)", "float64"), ("sin_cycle({n}, 24)", "float64"), ("cos_cycle({n}, 7)", "float64"),
    ("sin_cycle(hour({t}, '{z}'), 24)", "float64"), ("cos_cycle({f}, 0.1)", "float64"),
    ("haversine_km({f}, {f2}, 48.8566, 2.3522)", "float64"),
    ("haversine_km({f}, {f2}, {f3}, {f4})", "float64"),
    ("geohash({f}, {f2}, 6)", "string"), ("geohash({f}, {f2}, 12)", "string"),
]
TEXTS = [
    ("coalesce({s}, 'none')", "string"), ("{s} is null", "bool"), ("{s} || '-' || {s2}", "string"),
    ("length({s})", "int64"), ("case {s} when 'paid' then 1 when 'open' then 2 else 0 end", "int64"),
    ("replace({s}, 'i', 'ii')", "string"), ("substr({s}, 2, 2)", "string"),
    ("substr({s}, -3)", "string"), ("starts_with({s}, 'p') or ends_with({s}, 'd')", "bool"),
    ("contains(lower({s}), 'p')", "bool"), ("{s} in ('paid', 'g1', 'x')", "bool"),
    ("upper({s})", "string"), ("lower({s})", "string"), ("trim({s})", "string"),
    ("ltrim({s}) || rtrim({s2})", "string"), ("{s} like '%a_d%'", "bool"),
    ("{s} < {s2}", "bool"), ("{s} is distinct from {s2}", "bool"), ("nullif({s}, 'paid')", "string"),
    ("{s}::int64", "int64"), ("{s}::bool", "bool"), ("split({s}, ' ')", "list<string>"),
    ("split({s}, 'a')[0]", "string"), ("regexp_matches({s}, '^[a-z]+$')", "bool"),
    ("regexp_matches({s}, '[0-9]|pa')", "bool"), ("regexp_extract({s}, '[a-z]+')", "string"),
    ("regexp_extract({s}, '([A-Za-z])-?([0-9]+)', 2)", "string"), ("normalize({s}, 'NFC')", "string"),
    ("normalize({s}, 'NFD')", "string"), ("normalize({s}, 'NFKC')", "string"),
    ("normalize({s}, 'NFKD')", "string"), ("strip_accents({s})", "string"),
    ("levenshtein({s}, {s2})", "int64"), ("levenshtein({s}, 'paid')", "int64"),
    ("tokens({s})", "list<string>"), ("length(tokens({s}))", "int64"),
    ("ngrams({s}, 2)", "list<string>"), ("ngrams({s}, 1)", "list<string>"),
    ("hash64({o})", "int64"), ("hash64({s})", "int64"), ("hash64({i})", "int64"),
    ("hash_mod({o}, 10)", "int64"), ("hash_mod({s}, 9007199254740992)", "int64"),
    ("length({x})", "int64"), ("{x} < {x2}", "bool"),
]
TIMES = [
    ("seconds_since({t})", "float64"), ("minutes_since({t})", "float64"),
    ("hours_since({t})", "float64"), ("days_since({t})", "float64"), ("days_since({d})", "float64"),
    ("age_years({d})", "int64"), ("seconds_between({t}, {t2})", "float64"),
    ("year({t}, '{z}')", "int64"), ("month({t}, '{z}')", "int64"), ("day({t}, '{z}')", "int64"),
    ("hour({t}, '{z}')", "int64"), ("minute({t}, '{z}')", "int64"), ("year({d})", "int64"),
    ("month({d})", "int64"), ("day({d})", "int64"), ("day_of_week({t})", "int64"),
    ("day_of_week({d})", "int64"), ("day_of_year({t}, '{z}')", "int64"), ("week({t})", "int64"),
    ("week({d})", "int64"), ("is_weekend({t}, '{z}')", "bool"), ("is_weekend({d})", "bool"),
    ("date({t}, '{z}')", "date"), ("date_trunc('second', {t})", "timestamp"),
    ("date_trunc('minute', {t}, '{z}')", "timestamp"),
    ("date_trunc('hour', {t}, '{z}')", "timestamp"), ("date_trunc('day', {t}, '{z}')", "timestamp"),
    ("date_trunc('week', {t}, '{z}')", "timestamp"), ("date_trunc('month', {t})", "timestamp"),
    ("date_trunc('quarter', {t}, '{z}')", "timestamp"), ("date_trunc('year', {d})", "date"),
    ("date_trunc('week', {d})", "date"), ("epoch_seconds({t})", "float64"),
    ("to_timestamp({i})", "timestamp"), ("to_timestamp({f})", "timestamp"),
    ("as_of - {t} > 1d", "bool"), ("{t} + 90m", "timestamp"), ("{t} - {u}", "timestamp"),
    ("{t} - {t2}", "duration"), ("{t} < {t2}", "bool"), ("{t} - seconds({i})", "timestamp"),
    ("minutes({f})", "duration"), ("hours({i}) + {u}", "duration"), ("days({i})", "duration"),
    ("{u} * 2", "duration"), ("-{u}", "duration"), ("{u} > 1h", "bool"), ("{t}::date", "date"),
    ("{d}::timestamp", "timestamp"), ("{d}::string", "string"), ("{d} < date '2024-02-28'", "bool"),
    ("greatest({t}, {t2})", "timestamp"), ("coalesce({u}, 1h)", "duration"),
]
LOGIC = [
    ("not {b}", "bool"), ("if({b}, 1, 0)", "int64"), ("{b} or 1 = 2", "bool"),
    ("{b} and {b2}", "bool"), ("{b}::int64", "int64"), ("{b}::string", "string"),
]
NESTED = [
    ("{l}[0]", "[l"), ("{l}[-1]", "[l"), ("{l}[{i}]", "[l"), ("length({l})", "int64"),
    ("{ls}", "list<string>"), ("{mi}", "map<int64>"), ("{v}", "vector(3)"), ("{j}", "json"),
    ("slice({l}, 0, 2)", "=l"), ("slice({l}, -2)", "=l"), ("slice({l}, 1, -1)", "=l"),
    ("sort({l})", "=l"), ("distinct_list({l})", "=l"), ("sum_list({lf})", "float64"),
    ("sum_list({li})", "int64"), ("avg_list({lf})", "float64"), ("avg_list({li})", "float64"),
    ("max_list({l})", "[l"), ("min_list({l})", "[l"), ("contains({ls}, 'x')", "bool"),
    ("contains({li}, {i})", "bool"), ("contains({lf}, 1)", "bool"), ("join({ls}, '+')", "string"),
    ("[{f}, {f2}, null]", "list<float64>"), ("[{s}, 'a'][1]", "string"), ("[{i}, 3]", "list<int64>"),
    ("coalesce({ls}, ['none'])", "list<string>"), ("if({b}, {lf}, {lf2})", "list<float64>"),
    ("{l} is null", "bool"), ("{v}::list<float64>", "list<float64>"), ("{j}::string", "string"),
    ("{li}::list<string>", "list<string>"), ("{lf}::vector(2)[0]", "float64"),
    ("norm({li}::vector(1))", "float64"), ("cast({lf} as list<int64>)", "list<int64>"),
    ("{mi}::map<float64>['a']", "float64"), ("map_get({mi}, 'paid')", "int64"), ("{mi}['a']", "int64"),
    ("{ms}['b']", "string"), ("map_keys({mi})", "list<string>"), ("map_keys({ms})[0]", "string"),
    ("length({mi})", "int64"), ("{mi}[{s}]", "int64"), ("coalesce({mi}['a'], 0) + 1", "int64"),
    ("dot({v}, {v2})", "float64"), ("cosine({v}, {v2})", "float64"), ("l2({v}, {v2})", "float64"),
    ("norm({v})", "float64"), ("round(cosine({v}, {v2}), 3)", "float64"), ("l2({v}, {v2}) > 2", "bool"),
    ("cosine({v}, [1, 0, 0]::vector(3))", "float64"), ("l2({v}, {v}) = 0", "bool"),
    ("{v}[1]", "float64"), ("{v}[{i}]", "float64"),
    ("json_get({j}, '$.n')", "json"), ("json_get({j}, '$.list[0]')", "json"),
    ("json_get({j}, '$')", "json"), ("json_get({j}, '$.deep[\"a b\"].c[-1].d')", "json"),
    ("json_get({j}, '$[''deep'']')", "json"), ("json_get({j}, '$[1]')", "json"),
    ("json_string(json_get({j}, '$.os'))", "string"), ("json_string({j})", "string"),
    ("json_number(json_get({j}, '$.n'))", "float64"), ("json_number({j})", "float64"),
    ("json_number(json_get({j}, '$.deep.a'))", "float64"),
]
GROUPS = {
    "numbers": NUMBERS, "elementary": ELEMENTARY, "texts": TEXTS, "times": TIMES, "logic": LOGIC,
    "nested": NESTED,
}


def uses_waiting(text: str, kind: str) -> bool:
    """Whether a template needs what is not available yet."""
    return kind in WAITING or any(f"{name}(" in text for name in WAITING) or (
        "index" in WAITING and ("}[" in text or ")[" in text or "[{" in text or "['" in text)
    )


TEMPLATES = [
    Template(text, kind)
    for group, pairs in GROUPS.items() if group not in WAITING
    for text, kind in pairs if not uses_waiting(text, kind)
]
EVENT_NUMBERS = ("amount", "ratio", "qty", "big")


class Rotation:
    """Templates in an order that gives each its turn over the seeds."""

    def __init__(self, seed: int) -> None:
        self.next = seed * 31

    def derived(self, rng: Random, names: Names, zone: str) -> tuple[str, str]:
        """A scalar expression over names, and its type."""
        while True:
            template = TEMPLATES[self.next * 37 % len(TEMPLATES)]
            self.next += 1
            made = template.fill(rng, names, zone)
            if made:
                return qualified(rng, made, names)


def qualified(rng: Random, made: tuple[str, str], names: Names) -> tuple[str, str]:
    """Sometimes the column, or the feature, by its qualifier."""
    text, kind = made
    if rng.random() < 0.05:
        column = rng.choice(EVENT_NUMBERS)
        if column in names.by_type.get("float64", []):
            return f"event.{column} + 1", "float64"
    return text, kind

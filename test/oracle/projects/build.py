"""Assembling a project: entities, sources, views, a model and its labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .aggregates import aggregate_text, condition
from .catalog import PUSHES_NESTED, WAITING, pairs_of
from .labels import REQUEST, WIDE_REQUEST, LabelRows
from .names import Names
from .rows import Row, Storage, correct, event_rows, spoil, table_rows
from .scalars import Rotation
from .store import Writer, kinds_of
from .themes import DAY, Theme, duration, make_theme
from .wide import WIDE_KINDS

MONEY = ["money", "tenths", "cancel", "wide"]
WILD = ["extreme", "cancel", "wide", "tenths"]
KEY_RULES = {
    "string": "if(k0 = 'b', 'a', coalesce(k0, '1'))", "int64": "abs(k0)", "bool": "k0 or flag",
}
DISTINCT_CAP_ROWS = 10_003
OF_MANY = [  # at the caps of 10,000 values and above
    "mode(n) over all", "top_k(n, 2) over all", "length(histogram(n) over all)",
    "median(n) over all",
    "length(collect_set(n) over all)", "percentile(n, 0.9) over all", "entropy(n % 3) over all",
    "approx_distinct(n) over all", "approx_percentile(n, 0.5) over all", "collect(n, 3) over all",
    "last_distinct(n, 2) over all", "largest(n, 2) over all", "count(distinct n) over last 10000",
    "median(n) over last 10000", "entropy(n) over last 10000", "mode(n div 2) over last 10000",
    "length(collect_set(n) over last 10000)", "percentile(n % 7, 0.5) over all",
    "entropy(n) over all",
    "top_k(n % 10001, 1) over all", "length(last(n, 10000) over all)", "mode(n % 10000) over all",
    "approx_distinct(n::string) over all", "sum_list(collect(n, 10000) over all)",
]
DEFAULTS = {
    "float64": ["1.5", "0", "-0.25", "1e-9"], "int64": ["0", "7", "-1"],
    "bool": ["true", "false"], "list<string>": ["'[]'", "'[\"none\", null]'"],
    "list<float64>": ["'[1, 2.5]'"], "map<int64>": ["'{\"z\": 1, \"a\": null}'"],
    "vector(3)": ["'[1, 0.5, -2]'"], "json": ["'{\"a\": [1.50]}'"],
}
PLAIN_NAMES = {
    "float64": ["amount", "ratio"],
    "int64": ["qty", "big"],
    "decimal(2)": ["price"],
    "string": ["status", "note", "grp"],
    "bool": ["flag"],
    "date": ["day"],
    "timestamp": ["seen", "event_time"],
}
TABLE_NAMES = Names(
    {
        "float64": ["score"], "int64": ["level"], "string": ["home", "op"],
        "timestamp": ["event_time"],
    }
)
UNNAMED = ("decimal(4)", "decimal(8)", "decimal(3)")  # types that no template takes


@dataclass
class ViewText:
    """A view under construction: its head, its features, and names for derived ones."""

    name: str
    entity: str
    head: list[str]
    names: Names = field(default_factory=Names)
    features: list[tuple[str, str]] = field(default_factory=list)  # name, YAML body
    kinds: dict[str, str] = field(default_factory=dict)
    optional: list[str] = field(default_factory=list)

    def add(self, name: str, body: str, kind: str) -> None:
        """One more feature, which later ones may name."""
        self.features.append((name, body))
        self.kinds[name] = kind
        if kind and kind not in UNNAMED:
            self.names.add(name, kind)

    def text(self) -> str:
        """The document."""
        lines = [f"view: {self.name}", f"entity: {self.entity}", *self.head, "features:"]
        for name, body in self.features:
            lines += [f"  {name}: {body}" if "\n" not in body else f"  {name}:{body}"]
        return "\n".join(lines) + "\n"


def event_names(theme: Theme) -> Names:
    """The columns of the main source that expressions name."""
    made = Names({kind: list(names) for kind, names in PLAIN_NAMES.items()})
    for name, kind in WIDE_KINDS.items() if theme.wide else ():
        if "nested" not in WAITING or not ("<" in kind or "vector" in kind or kind == "json"):
            made.add(name, kind)
    return made


class Builder(LabelRows):
    """Draws one project from its theme."""

    def __init__(self, seed: int, folder: Path, online: bool = False) -> None:
        self.theme: Theme = make_theme(seed)
        self.theme.wide = self.theme.wide and (PUSHES_NESTED or not online)
        self.rng = self.theme.rng
        self.folder = folder
        self.documents: list[str] = []
        self.views: list[ViewText] = []
        self.pairs = pairs_of(seed)
        self.templates = Rotation(seed)
        self.columns = event_names(self.theme)
        self.midnights = [self.theme.start // DAY * DAY + day * DAY for day in range(3)]
        self.theme.hot = sorted({*self.theme.hot, *self.midnights})
        self.linked = self.rng.random() < 0.6
        self.table = self.linked or self.rng.random() < 0.5
        self.roles = self.rng.random() < 0.4
        self.spoiled = self.rng.random() < 0.2
        self.corrected = self.rng.random() < 0.25 and not online
        self.request = dict(REQUEST)
        if self.theme.wide and not online:
            self.request.update({name: kind for name, (kind, _) in WIDE_REQUEST.items()})

    def storage(self) -> Storage:
        """How a source is stored."""
        rng = self.rng
        parts = {part for key in self.theme.keys for part in key}
        awkward = any(isinstance(part, bytes) or "\x00" in str(part) for part in parts)
        form = rng.choice(["csv", "csv", "jsonl", "parquet", "parquet", "parquet"])
        form = "parquet" if awkward else form
        time = rng.choice(
            ["tz_us", "tz_us", "tz_ns", "naive", "naive", "int_us", "int_ms", "int_s", "int_ns",
             "date"]
        )
        delay = rng.choice(["none", "constant", "column", "column", "minutes", "mixed", "late"])
        return Storage(form, time, delay)

    def source(self, name: str, storage: Storage, rows: list[Row], more: list[str]) -> None:
        """Write a source's files and its document."""
        rng, theme = self.rng, self.theme
        Writer(theme, storage, self.folder / "data" / name).write(rows, rng.choice([1, 2, 3, 4]))
        lines = [f"source: {name}", f"path: data/{name}/*.{storage.format}"]
        if storage.format != "parquet" or "doc" in rows[0]:
            lines.append("fields:")
            lines += [f"  {k}: {v}" for k, v in kinds_of(theme, storage, rows).items()]
        time = ["column: ts"]
        if storage.time in ("naive", "date"):
            time.append(f"timezone: {theme.zone}")
        if storage.time.startswith("int"):
            time.append(f"unit: {storage.time[4:]}")
        lines.append("event_time: {" + ", ".join(time) + "}")
        available = {
            "none": None,
            "constant": f"event_time + {rng.choice(['1h', '2m', '90s', '1us', '2h'])}",
            "column": "avail",
            "minutes": "event_time + minutes(wait)" if "wait" in rows[0] else "avail",
            "mixed": "greatest(event_time + 5m, avail)",
            "late": "coalesce(avail, event_time + 1d)",
        }[storage.delay]
        if available:
            lines.append(f"available: {available}")
        self.documents.append("\n".join(lines + more) + "\n")

    def sources(self) -> None:
        """The event source and, if any, the table."""
        rng, theme = self.rng, self.theme
        storage = self.storage()
        rows = event_rows(theme, storage, theme.rows, rng.choice(MONEY), rng.choice(WILD))
        if self.spoiled:
            spoil(rng, rows)
        more = ["id: eid"] if rng.random() < 0.85 or self.corrected else []
        if self.corrected:
            correct(theme, storage, rows, self.spoiled)
            more.append("op: opc")
        if rng.random() < 0.6:
            more.append("sequence: seq")
        if rng.random() < 0.3:
            more.append(f"where: {rng.choice(['qty is null or qty > -3', 'not (qty = 4)'])}")
        if rng.random() < 0.12:
            more.append("edge: at")
        more += ["columns:", "  spend: abs(amount) + 0.25", "  late: spend > 20.0 and flag"]
        self.source("s0", storage, rows, more)
        if self.table:
            storage = self.storage()
            keys = ", ".join(theme.key_names)
            more = ["mode: table", f"key: [{keys}]", "delete_when: op = 'd'"]
            if rng.random() < 0.6:
                more.append("sequence: seq")
            if rng.random() < 0.3:
                more.append("where: level is null or level < 4")
            if rng.random() < 0.2:
                more.append("edge: before")
            self.source("t0", storage, table_rows(theme, storage, theme.rows // 3), more)

    def entities(self) -> None:
        """The main entity and its group."""
        key = ", ".join(f"{n}: {t}" for n, t in zip(self.theme.key_names, self.theme.key_types))
        main = f"entity: a\nkey: {{{key}}}\n"
        if self.linked:
            short = self.rng.random() < 0.5
            self.alias = "g" if short else "team"
            link = "g: p.home" if short else "team:\n    entity: g\n    key: {gid: p.home}"
            main += f"belongs_to:\n  {link}\n"
        self.documents += [main, "entity: g\nkey: {gid: string}\n"]

    def freshness(self) -> list[str]:
        """A refreshed view's fields."""
        rng = self.rng
        grid = rng.choice(
            ["5m", "hourly", "30m", "6h", "daily", "daily", f"daily at {self.theme.clock}",
             f"daily at {self.theme.clock}", "weekly"]
        )
        lines = [f"freshness: {grid}"]
        if rng.random() < 0.6:
            lines.append(f"ready_after: {duration(rng.choice(self.theme.ready[1:]))}")
        return lines

    def head(self, source: str, refreshed: bool, names: Names) -> list[str]:
        """The fields of a view before its features."""
        rng = self.rng
        lines = [f"source: {source}"]
        lines += self.freshness() if refreshed else rng.choice([[], ["freshness: realtime"]])
        if rng.random() < 0.15:
            lines.append(f"edge: {rng.choice(['at', 'before'])}")
        if rng.random() < 0.3:
            lines.append(f"where: {condition(rng, names)}")
        if rng.random() < 0.15:
            lines.append(f"expires: {rng.choice(['6h', '1d', '2d'])}")
        return lines

    def body(self, text: str, kind: str) -> str:
        """A feature's YAML: plain text, a block, or with a default and an expiry."""
        rng = self.rng
        default = rng.choice(DEFAULTS[kind]) if kind in DEFAULTS and rng.random() < 0.18 else None
        expires = rng.choice(["3h", "12h", "1d"]) if rng.random() < 0.12 else None
        block = text[0] in "['{" or rng.random() < 0.1
        if default is None and expires is None:
            return f" |\n    {text}" if block else text
        lines = ["", f"    expr: |\n      {text}" if block else f"    expr: {text}"]
        lines += [f"    default: {default}"] if default else []
        lines += [f"    expires: {expires}"] if expires else []
        return "\n".join(lines)

    def aggregates(self, view: ViewText, names: Names, count: int) -> None:
        """The next pairs of the project as features of a view, some fanned out."""
        rng = self.rng
        for _ in range(count):
            pair = self.pairs.pop()
            text, kind = aggregate_text(self.theme, pair, names)
            name = f"f{len(view.features)}"
            if kind in ("int64", "float64") and rng.random() < 0.15:
                text, kind = f"{text} / {rng.choice([3, 7])}", "float64"
            view.add(name, self.body(text, kind), kind)

    def derived(self, view: ViewText, names: Names, count: int) -> None:
        """Scalar features over columns of the newest row and features of the view."""
        rng = self.rng
        for _ in range(count):
            pool = names.joined(view.names)
            made = self.templates.derived(rng, pool, self.theme.zone)
            name = f"d{len(view.features)}"
            view.add(name, self.body(*made), made[1])
            view.optional.append(name)

    def event_view(self, name: str, entity: str, refreshed: bool, count: int) -> ViewText:
        """A view over the event source."""
        rng = self.rng
        view = ViewText(name, entity, self.head("s0", refreshed, self.columns))
        if entity == "g":
            view.head.append("key: {gid: grp}")
        elif rng.random() < 0.2 and self.theme.key_types[0] in KEY_RULES:
            view.head.append(f"key:\n  k0: {KEY_RULES[self.theme.key_types[0]]}")
        raw = rng.sample(["status", "amount", "day", "seen", "price", "flag", "spend"], 2)
        kinds = {"status": "string", "amount": "float64", "day": "date", "seen": "timestamp",
                 "price": "decimal(2)", "flag": "bool", "spend": "float64"}
        for column in raw:
            alias = column if rng.random() < 0.3 else f"last_{column}"
            view.add(alias, column, kinds[column])
        self.aggregates(view, self.columns, count)
        if rng.random() < 0.6:
            view.add("is_paid", "status = 'paid'", "bool")
            view.add("paid_sum", "sum(amount) where is_paid over all", "float64")
            view.add("late_n", "count_if(late or is_paid) over 2d", "int64")
        if rng.random() < 0.5:
            lengths = ", ".join(dict.fromkeys(duration(w) for w in self.theme.windows))
            view.features.append(
                ("fan_{w}", f"\n    for: {{w: [{lengths}]}}\n    expr: avg(spend) over {{w}}")
            )
        view.add("late_or_null", "last(qty) where late over 1d", "int64")
        self.derived(view, self.columns, 8)
        self.views.append(view)
        return view

    def static_view(self) -> None:
        """Bare columns of the newest row in a view of its own."""
        view = ViewText("st", "a", ["source: s0", "freshness: static"])
        view.add("note", "note", "string")
        view.add("moved", "event_time", "timestamp")
        self.derived(view, self.columns, 6)
        self.views.append(view)

    def table_view(self) -> None:
        """Raw features and aggregates over the table."""
        rng = self.rng
        view = ViewText("p", "a", self.head("t0", rng.random() < 0.4, TABLE_NAMES))
        view.add("home", "home", "string")
        view.add("level", "level", "int64")
        view.add("score_now", self.body("score", "float64"), "float64")
        self.aggregates(view, TABLE_NAMES, 5)
        self.derived(view, TABLE_NAMES, 4)
        self.views.append(view)

    def others(self) -> Names:
        """Features of the views so far, as another view of the main entity names them."""
        pool = Names()
        for other in self.views:
            if other.entity == "g" and not self.linked:
                continue
            prefix = f"{self.alias}.{other.name}" if other.entity == "g" else other.name
            for kind, names in other.names.by_type.items():
                for each in names:
                    pool.add(f"{prefix}.{each}", kind)
        return pool

    def refreshed_references(self) -> None:
        """A refreshed view that reads other views, and perhaps events of its own."""
        rng, pool = self.rng, self.others()
        view = ViewText("y", "a", self.freshness())
        if rng.random() < 0.3:
            view.head.append("expires: 1d")
        if rng.random() < 0.6:
            view.head.append("source: s0")
            length = duration(rng.choice(self.theme.windows))
            view.add("own", f"count(amount) over {length}", "int64")
            view.add("own_or", f"coalesce(last(qty) over {length}, v0.late_or_null)", "int64")
            pool.add("own", "int64")
            pool.add("qty", "int64")
        for number in range(8):
            made = self.templates.derived(rng, pool, self.theme.zone)
            view.add(f"y{number}", self.body(*made), made[1])
        self.views.append(view)

    def request_view(self) -> None:
        """References to other views and request fields, without a source."""
        rng, pool = self.rng, self.others()
        lines = ["request:"] + [f"  {name}: {kind}" for name, kind in self.request.items()]
        view = ViewText("x", "a", lines)
        for name, kind in self.request.items():
            pool.add(f"request.{name}", kind)
        for number in range(12):
            made = self.templates.derived(rng, pool, self.theme.zone)
            view.add(f"x{number}", self.body(*made), made[1])
        view.add("age", "seconds_since(request.time)", "float64")
        view.add("mix", "coalesce(request.r_amount, 0.5) * 2", "float64")
        self.views.append(view)

    def cap_view(self) -> None:
        """More distinct values than count(distinct) holds, and features that read it."""
        theme = self.theme
        rows = []
        for number in range(DISTINCT_CAP_ROWS):
            row: Row = {"_time": theme.start + number, "n": number}
            row.update(zip(theme.key_names, theme.keys[0]))
            rows.append(row)
        self.source("c0", Storage("parquet", "tz_us", "none"), rows, [])
        view = ViewText("cap", "a", ["source: c0"])
        body = "\n    expr: count(distinct n) over all\n    default: 5"
        view.add("many", body, "int64")
        view.add("after", "many + 1", "int64")
        view.add("hidden", "coalesce(many, 3)", "int64")
        for number, text in enumerate(self.rng.sample(OF_MANY, 6)):
            view.add(f"many_{number}", text, "")
        self.views.append(view)

    def model(self) -> dict[str, str]:
        """The model; gives label columns of each key column."""
        rng, theme = self.rng, self.theme
        lines = ["model: m", "version: 1"]
        columns: dict[str, str] = {}
        if self.roles:
            pairs = {role: {k: f"{role}_{k}" for k in theme.key_names} for role in ("src", "dst")}
            lines.append("entities:")
            for role, key in pairs.items():
                inner = ", ".join(f"{k}: {c}" for k, c in key.items())
                lines.append(f"  {role}: {{entity: a, key: {{{inner}}}}}")
                columns.update({c: k for k, c in key.items()})
            lines.append("  team_of: {entity: g, key: {gid: which}}")
            columns["which"] = "gid"
        else:
            columns = {name: name for name in theme.key_names} | {"gid": "gid"}
        lines.append("features:")
        for view in self.views:
            prefix = ""
            if self.roles:
                prefix = "team_of." if view.entity == "g" else rng.choice(["src.", "dst."])
            if view.name == "st":
                lines += [f"  - {prefix}st.{name}: static_{name}" for name, _ in view.features]
                continue
            lines.append(f"  - {prefix}{view.name}.*")
            if self.roles and view.entity == "a":
                other = "dst." if prefix == "src." else "src."
                lines.append(f"  - {other}{view.name}.{view.features[0][0]}")
                lines.append(f"  - {other}{view.name}.{view.features[1][0]}: other_{view.name}")
            if len(view.optional) > 1:
                lines.append(f"  - -{prefix}{view.name}.{view.optional[0]}")
        self.documents.append("\n".join(lines) + "\n")
        return columns

    def build(self) -> list[str]:
        """Write everything; returns the arguments of `train` besides files and model."""
        self.folder.mkdir(parents=True, exist_ok=True)
        zone = self.theme.zone
        (self.folder / "fettle.yaml").write_text(f"project: oracle\ntimezone: {zone}\n")
        self.entities()
        self.sources()
        if self.table:
            self.table_view()
        self.event_view("v0", "a", False, 12 if self.table else 14)
        self.event_view("v1", "a", True, 8 if self.table else 9)
        self.event_view("vg", "g", self.rng.random() < 0.5, len(self.pairs))
        if self.rng.random() < 0.5:
            self.static_view()
        if self.theme.seed % 12 == 7:
            self.cap_view()
        self.refreshed_references()
        self.request_view()
        key_columns = self.model()
        arguments = self.labels(key_columns)
        features = self.folder / "features"
        features.mkdir()
        split = len(self.documents) // 2
        (features / "base.yaml").write_text("---\n".join(self.documents[:split]), encoding="utf-8")
        rest = self.documents[split:] + [view.text() for view in self.views]
        (features / "views.yaml").write_text("---\n".join(rest), encoding="utf-8")
        return arguments

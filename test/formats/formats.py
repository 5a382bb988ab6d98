"""Checks the files of a table that Fettle wrote, and writes the table again.

Prints the names of the files that it wrote. Files whose names have "loose" in them come from
writers that have no word for some types.
"""

import base64
import datetime
import decimal
import io
import json
import pathlib
import sys

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

folder = pathlib.Path(sys.argv[1])
types = json.loads((folder / "types.json").read_text())
lines = [json.loads(line) for line in (folder / "t.jsonl").read_text().split("\n") if line]


def inner(text):
    return text[text.index("<") + 1 : -1]


def arrow_type(text, parquet=False):
    """Returns the type that Arrow has for one of Fettle. In Parquet, vectors are lists."""
    head = text.split("<")[0].split("(")[0]
    if head == "list":
        return pa.list_(arrow_type(inner(text), parquet))
    if head == "map":
        return pa.map_(pa.string(), arrow_type(inner(text), parquet))
    size = int(text[text.index("(") + 1 : -1]) if "(" in text else 0
    return {
        "bool": pa.bool_(), "int64": pa.int64(), "float64": pa.float64(), "string": pa.string(),
        "bytes": pa.binary(), "timestamp": pa.timestamp("us", tz="UTC"), "date": pa.date32(),
        "duration": pa.duration("us"), "json": pa.json_(), "decimal": pa.decimal128(38, size),
        "vector": pa.list_(pa.float64(), -1 if parquet else size or 1),
    }[head]


def same_type(got, want):
    """Reports whether types are equal but for the names and nullability of what is inside."""
    if pa.types.is_map(want):
        return pa.types.is_map(got) and same_type(got.item_type, want.item_type)
    if pa.types.is_fixed_size_list(want):
        return (pa.types.is_fixed_size_list(got) and got.list_size == want.list_size
                and same_type(got.value_type, want.value_type))
    if pa.types.is_list(want):
        return pa.types.is_list(got) and same_type(got.value_type, want.value_type)
    return got.equals(want) or want == pa.json_() and got == pa.string()


def plain(value, text):
    """Returns a value as JSON lines of Fettle have it."""
    if value is None:
        return None
    if text.startswith("list<"):
        return [plain(item, inner(text)) for item in value]
    if text.startswith("map<"):
        return {key: plain(item, inner(text)) for key, item in value}
    if text == "json":
        return json.loads(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return (value.days * 86400 + value.seconds) * 10**6 + value.microseconds
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    return value


def check(table, name):
    for column, text in types.items():
        got, want = table.schema.field(column).type, arrow_type(text, name.endswith(".parquet"))
        if not same_type(got, want):
            sys.exit(f"{name}: {column} is {got}, want {want}")
        for row, value in enumerate(table.column(column).to_pylist()):
            if (value := plain(value, text)) != lines[row][column]:
                sys.exit(f"{name}: {column} {text} of row {row} is {value!r}, want {lines[row][column]!r}")
    if table.num_rows != len(lines):
        sys.exit(f"{name}: {table.num_rows} rows, want {len(lines)}")


parquet = pq.read_table(folder / "t.parquet")
check(parquet, "t.parquet")
arrow = feather.read_table(folder / "t.arrow")
check(arrow, "t.arrow")
check(pa.ipc.open_stream(folder / "t.arrows").read_all(), "t.arrows")


def done(name):
    print(name)
    return folder / name


# PyArrow 21 does not write lists of a fixed size that are null.
fixed = arrow
try:
    pq.write_table(arrow, io.BytesIO())
except pa.ArrowNotImplementedError:
    fixed = arrow.select([name for name, text in types.items() if "vector" not in text])
for number, options in enumerate([
    {"compression": "snappy"}, {"compression": "zstd", "data_page_version": "2.0"},
    {"compression": "none", "use_dictionary": False}, {"compression": "gzip", "row_group_size": 37},
    {"compression": "brotli", "data_page_size": 100, "write_batch_size": 7},
    {"compression": "snappy", "use_compliant_nested_type": False},
    {"store_decimal_as_integer": True},
]):
    pq.write_table(fixed, done(f"arrow{number}.parquet"), **options)
pq.write_table(fixed, done("loose_unsaid.parquet"), store_schema=False)
for compression in ["uncompressed", "lz4", "zstd"]:
    feather.write_feather(arrow, done(f"feather_{compression}.arrow"), compression=compression, chunksize=123)
with pa.ipc.new_stream(done("stream.arrows"), arrow.schema) as writer:
    writer.write_table(arrow, max_chunksize=77)


def views(t):
    """Returns a type with the other layouts that Arrow has for the same values."""
    if t == pa.string():
        return pa.large_string()
    if t == pa.binary():
        return pa.binary_view()
    if pa.types.is_list(t):
        return pa.large_list(views(t.value_type))
    return t


other = pa.table({name: arrow.column(name).cast(views(arrow.column(name).type)) for name in arrow.column_names})
names = [name for name, text in types.items() if text == "string"]
for name in names:
    other = other.set_column(other.column_names.index(name), name, arrow.column(name).dictionary_encode())
feather.write_feather(other, done("views.arrow"), compression="uncompressed", chunksize=100)

# Polars has no maps, and no JSON; DuckDB has no durations either.
flat = [name for name, text in types.items() if "map" not in text and "json" not in text]
try:
    import polars
except ImportError:
    polars = None
if polars is not None:
    frame = polars.from_arrow(arrow.select(flat))
    frame.write_parquet(done("polars.parquet"))
    frame.write_ipc(done("polars.arrow"))
    frame.write_ipc_stream(done("polars.arrows"))
try:
    import duckdb
except ImportError:
    duckdb = None
if duckdb is not None:
    duck = arrow.select([name for name in types if "duration" not in types[name] and "json" not in types[name]])
    duckdb.sql(f"SET TimeZone='UTC'; copy duck to '{done('loose_duckdb.parquet')}' (format parquet)")

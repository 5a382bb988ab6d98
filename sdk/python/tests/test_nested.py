"""Lists, vectors, maps and JSON, into a server and out of it again."""

import datetime as dt
import decimal
import json

import pytest

import fettle
from fettle import _tables

numpy = pytest.importorskip("numpy", reason="numpy is not installed")
pandas = pytest.importorskip("pandas", reason="pandas is not installed")
pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

AGO = dt.datetime.now(dt.timezone.utc).replace(microsecond=0) - dt.timedelta(hours=1)
ROW = {
    "tags": ["a", None, "b"], "seen": [1.0, 2.5, -3.0], "counts": {"é": 2, "a": 1}, "raw": {"k": [1, {"x": None}]},
    "spent": dt.timedelta(minutes=1.5), "price": decimal.Decimal("1.50"),
}
FEATURES = ["visit.tags", "visit.seen", "visit.counts", "visit.raw", "visit.spent", "visit.all_tags"]
number = iter(range(10**6))


def rows(card):
    """One row with values, and one before it without any."""
    return [
        {"id": next(number), "card_id": card, "ts": AGO - dt.timedelta(minutes=1), **dict.fromkeys(ROW)},
        {"id": next(number), "card_id": card, "ts": AGO, **ROW},
    ]


def frame(card):
    made = pandas.DataFrame(rows(card))
    made["seen"] = [None, numpy.array(ROW["seen"], dtype="float32")]
    made["spent"] = pandas.to_timedelta(made["spent"])
    return made


def arrow(card):
    types = {
        "tags": pyarrow.list_(pyarrow.string()), "seen": pyarrow.list_(pyarrow.float64(), 3),
        "counts": pyarrow.map_(pyarrow.string(), pyarrow.int64()), "raw": pyarrow.string(),
        "spent": pyarrow.duration("ns"), "price": pyarrow.decimal128(10, 2),
    }
    given = [{**row, "raw": row["raw"] and json.dumps(row["raw"]), "counts": row["counts"] and list(row["counts"].items())}
             for row in rows(card)]
    made = pyarrow.Table.from_pylist([{name: row[name] for name in ("id", "card_id", "ts")} for row in given])
    for name, kind in types.items():
        made = made.append_column(name, pyarrow.array([row[name] for row in given], kind))
    return made


def structs(card):
    return pyarrow.Table.from_pylist([{**row, "raw": row["raw"] and {"k": 1}} for row in rows(card)])


FORMS = {"dicts": rows, "frame": frame, "arrow": arrow, "structs": structs}


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_push(shop, form, plain, monkeypatch):
    card = f"{form}-{plain}"
    if plain:
        if form in ("arrow", "structs"):
            pytest.skip("there is no Arrow table without pyarrow")
        monkeypatch.setattr(_tables, "has_pyarrow", lambda: False)
    pushed = shop.push("visits", FORMS[form](card))
    assert pushed.accepted == 2, pushed.quarantined
    got = shop.get_features(FEATURES, {"card_id": card}, min_position=pushed.position)
    values = dict(zip([name[6:] for name in FEATURES], got.to_list()))
    assert values["tags"] == ROW["tags"] and values["seen"] == ROW["seen"]
    assert values["counts"] == ROW["counts"] and list(values["counts"]) == ["a", "é"]
    assert values["raw"] == ({"k": 1} if form == "structs" else ROW["raw"]) and values["spent"] == 90_000_000
    assert values["all_tags"] == [ROW["tags"]]
    assert "é" in repr(got) and "é" in got._repr_html_()


@pytest.mark.parametrize("end", ["arrow", "arrows"])
def test_arrow_file(shop, tmp_path, end):
    table, path = arrow(end), tmp_path / f"visits.{end}"
    make = pyarrow.ipc.new_file if end == "arrow" else pyarrow.ipc.new_stream
    with make(path, table.schema, options=pyarrow.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    pushed = shop.push("visits", path)
    assert pushed.accepted == 2
    got = shop.get_features(FEATURES, {"card_id": end}, min_position=pushed.position)
    assert got["visit.counts"] == ROW["counts"] and got["visit.spent"] == 90_000_000


def test_get_many(shop):
    pushed = shop.push("visits", rows("many"))
    got = shop.get_features(
        [*FEATURES, "visit.scaled"], {"card_id": ["many", "nobody"]}, min_position=pushed.position,
        request={"scale": [numpy.array([1.5, 2.0]), numpy.array([])]},
    )
    table = got.to_pandas()
    assert table["visit.tags"].tolist() == [ROW["tags"], None] and table["visit.counts"].tolist() == [ROW["counts"], None]
    assert table["visit.scaled"].tolist() == [[1.5, 2.0], []]
    one = shop.get_features(["visit.scaled"], {"card_id": "many"}, request={"scale": numpy.array([1.5, 2.0])})
    assert one["visit.scaled"] == [1.5, 2.0]


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("form", ["columns", "frame", "arrow"])
def test_train(shop, form, plain, monkeypatch):
    card = f"train-{form}-{plain}"
    shop.push("visits", rows(card))
    labels = {
        "card_id": [card, "nobody"], "ts": [AGO + dt.timedelta(hours=2)] * 2, "scale": [[1.5, None], [2.0]],
        "note": [{"a": 1}, {"b": 2}], "spent": [dt.timedelta(seconds=1), None],
    }
    if plain:
        if form == "arrow":
            pytest.skip("there is no Arrow table without pyarrow")
        monkeypatch.setattr(_tables, "has_pyarrow", lambda: False)
    given = {"columns": lambda: labels, "frame": lambda: pandas.DataFrame(labels), "arrow": lambda: pyarrow.table(labels)}[form]()
    trained = shop.train(given, features=[*FEATURES, "visit.scaled"], time="ts")
    first, second = trained.to_dicts()
    assert first["visit.tags"] == ROW["tags"] and first["visit.seen"] == ROW["seen"]
    assert first["visit.counts"] == ROW["counts"] and second["visit.counts"] is None
    assert first["visit.scaled"] == [1.5, None]
    assert first["visit.spent"] == (90_000_000 if plain else dt.timedelta(seconds=90))
    if plain:
        return
    table = trained.to_pandas()
    assert list(table["visit.tags"][0]) == ROW["tags"] and table["visit.tags"][1] is None
    assert table["visit.counts"][0] == ROW["counts"] and table["visit.seen"][0].tolist() == ROW["seen"]
    assert json.loads(table["visit.raw"][0]) == ROW["raw"]
    assert table["visit.spent"][0] == pandas.Timedelta(seconds=90)
    assert numpy.stack(table["visit.seen"][:1]).shape == (1, 3)


def test_what_does_not_fit(shop):
    row = rows("odd")[1]
    for name, value in [("tags", "a"), ("tags", [1]), ("seen", [1.0]), ("seen", [1.0, None, 2.0]), ("counts", {"a": "x"})]:
        pushed = shop.push("visits", [{**row, "id": next(number), name: value}])
        assert pushed.quarantined_rows == 1 and pushed.quarantined[0]["field"] == name
    with pytest.raises(fettle.FettleError, match="a object"):
        _tables.dumps({"a": object()})

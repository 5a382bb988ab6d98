"""The library against a real server."""

import datetime as dt
import decimal
import json
import subprocess
import sys
import threading

import pytest

import fettle
from fettle import _binary, _client, _http, _tables

UTC = dt.timezone.utc
NOON = dt.datetime(2024, 5, 2, 12, tzinfo=UTC)
pandas = pytest.importorskip("pandas", reason="pandas is not installed")
pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")


def test_get_features(shop):
    vector = shop.get_features("fraud", {"card_id": "c1"}, request={"price": 30.0}, as_of=NOON)
    assert dict(vector) == {
        "spend.spend_7d": 15.0, "spend.units_7d": 3, "spend.count_7d": 2, "spend.note": None, "spend.ratio": 2.0,
    }
    assert vector.to_list() == [15.0, 3, 2, None, 2.0]
    assert vector.model == "fraud@1" and vector.as_of == "2024-05-02T12:00:00.000000Z"
    assert "spend.ratio" in repr(vector) and "<td" in vector._repr_html_()
    nobody = shop.get_features(["spend.spend_7d"], {"card_id": "nobody"}, as_of=NOON, detail=True)
    assert nobody.status == {"spend.spend_7d": "missing"} and nobody.meta["spend.spend_7d"]["version"]


def test_get_features_in_columns(shop):
    table = shop.get_features(
        ["spend.count_7d", "spend.ratio"], {"card_id": pandas.Series(["c1", "c2", "nobody"])},
        request={"price": (30.0, 50.0, 1.0)}, as_of="2024-05-02T12:00:00Z",
    )
    assert len(table) == 3 and table["spend.count_7d"] == [2, 1, 0] and table["spend.ratio"] == [2.0, 0.5, None]
    assert table.status == {"spend.count_7d": {}, "spend.ratio": {2: "missing"}} or table.status["spend.ratio"] == {2: "missing"}
    assert table.to_pandas()["spend.ratio"].tolist()[:2] == [2.0, 0.5]


LABELS = {"card_id": ["c1", "c1", "c2", None], "price": [30.0, 1.0, 50.0, 2.0],
          "ts": [NOON, NOON - dt.timedelta(days=1), NOON, NOON], "fraud": [True, False, False, True]}


@pytest.mark.parametrize("form", ["columns", "dicts", "frame", "arrow", "csv", "parquet"])
def test_train(shop, tmp_path, form):
    frame = pandas.DataFrame(LABELS)
    labels = {
        "columns": lambda: LABELS,
        "dicts": lambda: [dict(zip(LABELS, row)) for row in zip(*LABELS.values())],
        "frame": lambda: frame,
        "arrow": lambda: pyarrow.Table.from_pandas(frame),
        "csv": lambda: frame.to_csv(tmp_path / "l.csv", index=False) or tmp_path / "l.csv",
        "parquet": lambda: frame.to_parquet(tmp_path / "l.parquet") or str(tmp_path / "l.parquet"),
    }[form]()
    trained = shop.train(labels, model="fraud", time="ts")
    assert len(trained) == 4 and trained.dataset_id and "TrainingSet" in repr(trained)
    got = trained.to_pandas()
    assert got["spend.spend_7d"].tolist()[:3] == [15.0, 10.5, 100.0] and got["spend.spend_7d"].isna()[3]
    # More than 2^53: a float would have rounded it.
    assert str(got["spend.units_7d"].dtype) == "Int64" and got["spend.units_7d"][2] == 9007199254740993
    assert got["spend.ratio"].tolist()[:3] == [2.0, 1.0 / 10.5, 0.5]
    assert list(got.columns[:4]) == list(LABELS)
    trained.save(tmp_path / "set.parquet")
    assert json.loads((tmp_path / "set.parquet.manifest.json").read_text())["dataset_id"] == trained.dataset_id
    assert "spend.units_7d" in trained._repr_html_()


def test_times_as_text(shop):
    frame = pandas.DataFrame({**LABELS, "ts": ["2024-05-02T12:00:00Z", "2024-05-01T14:00:00+02:00", "2024-05-02T12:00:00.5Z", None]})
    got = shop.train(frame, model="fraud", time="ts").to_pandas()
    assert got["spend.spend_7d"].tolist()[:3] == [15.0, 10.5, 100.0]
    frame["ts"] = "2024-05-02T12:00:00"
    with pytest.raises(fettle.FettleError, match="zone"):
        shop.train(frame, model="fraud", time="ts")
    assert shop.train(frame, model="fraud", time="ts", timezone="UTC").to_pandas()["spend.spend_7d"][0] == 15.0
    frame["ts"] = "noon"
    with pytest.raises(fettle.FettleError, match="ts.*noon"):
        shop.train(frame, model="fraud", time="ts")


def test_train_in_parts_equals_whole(shop, monkeypatch):
    frame = pandas.concat([pandas.DataFrame(LABELS)] * 50, ignore_index=True)
    whole = shop.train(frame, model="fraud", time="ts").to_pandas()
    monkeypatch.setattr(_tables, "_BODY", 1 << 10)
    parts = shop.train(frame, model="fraud", time="ts")
    assert len(parts) == 200 and "+" in parts.dataset_id
    pandas.testing.assert_frame_equal(parts.to_pandas(), whole)
    assert parts.features[0]["nulls"] == int(whole["spend.spend_7d"].isna().sum())


def test_get_training_features(shop):
    # One time for each entity, an hour before which is looked at.
    got = shop.get_training_features(["c2", "c1"], {"c1": NOON, "c2": NOON, "c3": NOON}, "totals")
    assert list(got.columns) == ["card_id", "label_timestamp", "spend_7d", "units_7d", "count_1d"]
    assert got["card_id"].tolist() == ["c2", "c1"]
    # The payment of 11:00 is known from 11:02, and the buffer asks at 11:00.
    assert got["spend_7d"].isna().tolist() == [True, False] and got["spend_7d"][1] == 15.0
    # Many times for an entity, and no buffer.
    times = {"c1": [NOON, NOON - dt.timedelta(days=1)], "c2": (NOON,)}
    got = shop.get_training_features(["c1", "c2"], times, "totals", lookback_buffer=dt.timedelta(0))
    assert got["spend_7d"].tolist() == [15.0, 10.5, 100.0] and got["units_7d"].tolist() == [3, 1, 9007199254740993]
    # A list beside a list, and keys of two columns.
    got = shop.get_training_features([("c1", 7), ("c1", 8)], [NOON, NOON], "pairs", dt.timedelta(hours=1))
    assert got["visits"].tolist() == [2, 0] and list(got.columns) == ["card_id", "shop", "label_timestamp", "visits"]
    assert len(shop.get_training_features([], {}, "totals")) == 0
    for entities, at, problem in [
        (["c9"], {"c1": NOON}, "c9"), (["c1"], [], "0 times"), ([("c1", 7)], {("c1", 7): NOON}, "2 key values"),
        (["c1"], {"c1": dt.datetime(2024, 5, 2)}, "zone"),
    ]:
        with pytest.raises(fettle.FettleError, match=problem):
            shop.get_training_features(entities, at, "totals")


def test_push(shop):
    ago = dt.datetime.now(UTC) - dt.timedelta(hours=1)
    rows = [{"id": 100 + i, "card_id": "live", "shop": 1, "amount": 0.1 * i, "units": i, "ts": ago} for i in range(10)]
    pushed = shop.push("payments", rows)
    assert (pushed.accepted, pushed.duplicates, pushed.quarantined_rows) == (10, 0, 0)
    again = shop.push("payments", pandas.DataFrame(rows).assign(note=None))
    assert (again.accepted, again.duplicates) == (0, 10)
    vector = shop.get_features(["spend.count_7d", "spend.units_7d"], {"card_id": "live"}, min_position=pushed.position)
    assert vector.to_list() == [10, 45]
    bad = shop.push("payments", [{**rows[0], "id": 200}, {**rows[0], "id": 201, "amount": "much"}])
    assert bad.accepted == 1 and bad.quarantined[0]["row"] == 2 and "much" in repr(bad)
    with pytest.raises(fettle.FettleError) as refused:
        shop.push("payments", [{**rows[0], "id": 300}, {**rows[0], "id": 301, "amount": "much"}], atomic=True)
    assert refused.value.code == "rejected" and "much" in str(refused.value)


def test_push_in_parts(shop, monkeypatch):
    monkeypatch.setattr(_tables, "_BODY", 1 << 10)
    now = dt.datetime.now(UTC) - dt.timedelta(hours=1)
    rows = [{"id": 1000 + i, "card_id": "parts", "shop": 1, "amount": 1.0, "units": 1, "ts": now} for i in range(100)]
    rows[70]["amount"] = "bad"
    pushed = shop.push("payments", rows)
    assert (pushed.accepted, pushed.quarantined_rows) == (99, 1)
    assert pushed.quarantined[0]["row"] == 71


def test_errors(shop):
    with pytest.raises(fettle.FettleError) as unknown:
        shop.get_features("fruad", {"card_id": "c1"})
    assert unknown.value.code == "not_found" and "fraud" in unknown.value.hint and unknown.value.request_id
    with pytest.raises(fettle.FettleError, match="unauthenticated"):
        fettle.Client(shop.url, token="wrong").status()
    with pytest.raises(fettle.FettleError, match="no token"):
        fettle.Client(shop.url)
    with pytest.raises(fettle.FettleError, match="address"):
        fettle.Client("localhost:7070", token="x")
    with pytest.raises(fettle.FettleError, match="price"):
        shop.get_features("fraud", {"card_id": "c1"})
    with pytest.raises(fettle.FettleError, match="no label rows"):
        shop.train([], model="fraud", time="ts")
    with pytest.raises(fettle.FettleError, match="when"):
        shop.train(LABELS, model="fraud", time="when")


def test_client_beside_project(shop):
    token = next(shop.path.glob("*/token")).read_text().strip()
    with fettle.Client(shop.url, token) as client:
        assert client.status()["project"] == "shop"
        assert {v["name"] for v in client.definitions("views")} == {"spend", "totals", "pairs", "visit"}
        assert client.why("spend.count_7d", {"card_id": "c1"}, at=NOON)["value"] == 2
    with fettle.open(shop.path) as second:  # finds the server that is there, and leaves it
        assert second.url == shop.url
    assert shop.status()["ready"]
    assert "nothing would change" in shop.run("plan")
    with pytest.raises(fettle.FettleError, match="unknown command"):
        shop.run("nothing")


def test_threads(shop):
    seen, threads = [], []
    for i in range(8):
        card = ["c1", "c2"][i % 2]
        ask = lambda card=card: seen.append((card, shop.get_features(["spend.count_7d"], {"card_id": card}, as_of=NOON).to_list()))
        threads.append(threading.Thread(target=ask))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(seen) == [("c1", [2])] * 4 + [("c2", [1])] * 4


def test_connection_that_broke_is_made_again(shop):
    assert shop.status()["ready"]
    for connection in shop._transport._all:
        connection.sock.close()
    assert shop.status()["ready"]


def test_server_that_is_gone():
    client = fettle.Client("http://127.0.0.1:1", token="x", timeout=2)
    with pytest.raises(fettle.FettleError, match="does not answer"):
        client.status()
    with pytest.raises(fettle.FettleError, match=r"fettle\.yaml"):
        fettle.open("/nonexistent")


def test_plain_values():
    given = {
        "t": NOON, "d": dt.date(2024, 5, 2), "u": dt.timedelta(seconds=-1), "x": decimal.Decimal("1.50"), "b": b"\x00\xff",
        "n": float("nan"), "l": [1, None, (2,)], "m": {"k": pandas.NaT}, "i": 2**63 - 1, "na": pandas.NA,
    }
    assert json.loads(_tables.dumps(given)) == {
        "t": "2024-05-02T12:00:00.000000Z", "d": "2024-05-02", "u": -1000000, "x": "1.50", "b": "AP8=",
        "n": None, "l": [1, None, [2]], "m": {"k": None}, "i": 2**63 - 1, "na": None,
    }
    with pytest.raises(fettle.FettleError, match="zone"):
        _tables.dumps({"t": dt.datetime(2024, 5, 2)})
    with pytest.raises(fettle.FettleError, match="object"):
        _tables.dumps({"t": object()})


def test_without_pandas_and_pyarrow(project, shop):
    """The standard library does, in a process that has nothing else."""
    program = f"""
import sys
sys.modules["pandas"] = sys.modules["pyarrow"] = None
import datetime, fettle
noon = datetime.datetime(2024, 5, 2, 12, tzinfo=datetime.timezone.utc)
with fettle.open({str(project)!r}) as shop:
    rows = shop.train([{{"card_id": "c1", "price": 30.0, "ts": noon}}], model="fraud", time="ts").to_dicts()
    assert rows[0]["spend.spend_7d"] == 15.0 and rows[0]["card_id"] == "c1", rows
    try:
        shop.train([{{"card_id": "c1", "price": 30.0, "ts": noon}}], model="fraud", time="ts").to_pandas()
    except fettle.FettleError as error:
        assert "pip install" in str(error)
    else:
        raise AssertionError("to_pandas without pandas")
    assert shop.get_features(["spend.count_7d"], {{"card_id": "c1"}}, as_of=noon).to_list() == [2]
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_own_server_stops(tmp_path):
    subprocess.run([_binary.find(), "init", "--template", "empty", str(tmp_path / "p")], check=True, capture_output=True)
    opened = fettle.open(tmp_path / "p")
    process = opened._process
    opened.close()
    assert process is not None and process.returncode == 0
    assert isinstance(_http.Transport("http://127.0.0.1:1", "x", 1).url, str) and _client.Client is fettle.Client

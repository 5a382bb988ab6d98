"""A project with a server, as a user would have it. FETTLE_BINARY names the binary under test."""

import subprocess

import pytest

import fettle
from fettle import _binary

DEFINITIONS = """\
entity: card
key: {card_id: string}
---
entity: pair
key: {card_id: string, shop: int64}
---
source: payments
path: data/*.csv
push: true
id: id
fields: {id: int64, card_id: string, shop: int64, amount: float64, units: int64, note: string, ts: timestamp}
event_time: ts
available: greatest(event_time + 2m, received_at)
---
view: spend
entity: card
source: payments
request: {price: float64}
features:
  spend_7d: sum(amount) over 7d
  units_7d: sum(units) over 7d
  count_7d: count() over 7d
  note: note
  ratio: request.price / nullif(spend_7d, 0)
---
view: totals
entity: card
source: payments
features:
  spend_7d: sum(amount) over 7d
  units_7d: sum(units) over 7d
  count_1d: count() over 1d
---
source: visits
push: true
id: id
fields: {id: int64, card_id: string, ts: timestamp, tags: list<string>, seen: "vector(3)", counts: map<int64>, raw: json, spent: duration, price: decimal(2)}
event_time: ts
available: greatest(event_time, received_at)
---
view: visit
entity: card
source: visits
request: {scale: list<float64>}
features:
  tags: tags
  seen: seen
  counts: counts
  raw: raw
  spent: spent
  all_tags: collect(tags, 3) over 30d
  scaled: request.scale
---
view: pairs
entity: pair
source: payments
features:
  visits: count() over 30d
---
model: fraud
version: 1
features: [spend.*]
"""

ROWS = """\
id,card_id,shop,amount,units,note,ts
1,c1,7,10.5,1,first,2024-05-01T10:00:00Z
2,c1,7,4.5,2,,2024-05-02T10:00:00Z
3,c2,8,100,9007199254740993,big,2024-05-02T11:00:00Z
"""


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    """A project that was applied."""
    root = tmp_path_factory.mktemp("shop")
    (root / "features").mkdir()
    (root / "data").mkdir()
    (root / "fettle.yaml").write_text("project: shop\n")
    (root / "features" / "cards.yaml").write_text(DEFINITIONS)
    (root / "data" / "payments.csv").write_text(ROWS)
    done = subprocess.run(
        [_binary.find(), "-C", str(root), "apply", "--yes"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="session")
def shop(project):
    """A server for it."""
    with fettle.open(project) as opened:
        yield opened

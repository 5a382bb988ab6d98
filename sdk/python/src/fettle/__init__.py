"""Features for machine learning, declared once: the same value in training and in serving.

    import fettle

    with fettle.open("my-cards") as cards:
        training = cards.train(labels, model="fraud", time="time").to_pandas()
        vector = cards.get_features("fraud", {"card_id": "c00617"}, request={"amount": 250})
        cards.push("transactions", [{"txn_id": 1, "card_id": "c00617", ...}])

``open`` works on a project directory and starts a server for it if none is running; ``Client`` speaks
to a server that is. Both have the same methods. Nothing but the standard library is needed; with
pandas and pyarrow tables come and go as DataFrame or Table.
"""

from fettle._client import Client
from fettle._errors import FettleError
from fettle._results import FeatureTable, FeatureVector, PushResult, TrainingSet
from fettle._server import Project, open  # noqa: A004  it reads as fettle.open

__all__ = [
    "Client",
    "FeatureTable",
    "FeatureVector",
    "FettleError",
    "Project",
    "PushResult",
    "TrainingSet",
    "open",
]

__version__ = "0.1.0"

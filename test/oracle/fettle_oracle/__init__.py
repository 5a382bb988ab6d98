"""An independent reading of Fettle's definitions: slow, exact, and sharing no code with it.

The package reads the same definition text and the same files as the `fettle` binary and computes
every value of a training set by going over all events of an entity for each label row, with exact
rational arithmetic. It knows the part of the language that `generate.py` emits and refuses the
rest.
"""


class OracleError(Exception):
    """The oracle met text or data outside the part of the language that it knows."""

"""Hand-computed cases for the oracle itself."""

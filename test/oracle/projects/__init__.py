"""Random projects for the oracle: definitions, event files and labels, each from a seed."""

"""Random projects for the oracle: definitions, event files and labels, each a function of a seed."""

"""A generated project lived through online: pushed, restarted, killed, asked and verified."""

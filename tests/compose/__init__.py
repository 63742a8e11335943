"""The real compose file on a Docker engine, scaled and killed under load. `tests/compose/run` starts it."""

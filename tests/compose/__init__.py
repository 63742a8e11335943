"""The real compose file on a Docker engine, hurt and scaled while readers read. `tests/compose/run` starts it."""

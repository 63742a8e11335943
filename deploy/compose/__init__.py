"""The production stack's own jobs: secrets (`bootstrap`), accounts and rights (`accounts`). docker-compose.yml runs them."""

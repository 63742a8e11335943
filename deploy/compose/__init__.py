"""The jobs of the production stack: secrets (`bootstrap`), accounts and ACLs (`accounts`). docker-compose.yml runs them."""

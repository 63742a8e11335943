"""Production engines for tests, from their public artifacts."""

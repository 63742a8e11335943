"""The embedded stack: every engine and service of the platform under one supervisor, without Docker, JVM or root."""

"""Django's PostgreSQL backend, with health checks that need no query."""

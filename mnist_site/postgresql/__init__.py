"""Django's PostgreSQL, asked for its health without a query."""

"""Changes of the database, release by release."""

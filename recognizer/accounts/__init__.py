"""Accounts: sign-in, sign-up, passwords, sessions and the forms for API tokens."""

"""Who somebody is: sign-in, forms, sessions, and API tokens."""

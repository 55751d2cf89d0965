"""What pages cost with a million drawings."""

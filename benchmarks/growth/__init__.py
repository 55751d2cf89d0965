"""The cost of pages with a million drawings."""

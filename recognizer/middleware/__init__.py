"""Middleware: the page policy and the request log."""

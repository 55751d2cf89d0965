"""Metrics, logs, request ids and the audit log."""

"""What operators see: metrics, logs, request ids and the audit log."""

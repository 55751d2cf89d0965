"""Inference with an exported network, and the calibration of its scores."""

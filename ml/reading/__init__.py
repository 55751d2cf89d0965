"""Inference with an exported network, and its calibration."""

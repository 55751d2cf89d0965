"""Backing services: what the site needs from outside, and what happens while it is slow or away."""

"""Baselines for `make bench`: the same network, served as tutorials do it.

The site does not import this. It runs in its own environment, with requirements-bench.txt.
"""

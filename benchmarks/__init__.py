"""Measurements of a running site, one folder per report; each prints its figures again."""

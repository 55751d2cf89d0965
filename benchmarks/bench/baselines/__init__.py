"""What `make bench` compares the site with: the same network served as tutorials serve it.

Nothing of the site imports this. It runs in an environment of its own, with requirements-bench.txt.
"""

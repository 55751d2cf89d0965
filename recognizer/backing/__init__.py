"""Storage, Redis and the write lock, and what happens while one of them is slow or away."""

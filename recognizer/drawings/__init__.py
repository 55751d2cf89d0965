"""Everything done with one drawing: recognition, storage, rendering, review, and its end."""

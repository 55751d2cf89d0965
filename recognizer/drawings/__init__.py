"""Everything done with one drawing: recognition, rendering, feedback, review and deletion."""

"""From the click to the registered version."""

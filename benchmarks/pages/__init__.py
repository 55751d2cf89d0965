"""How fast, light and sound the pages are."""

"""Code that several reports share."""

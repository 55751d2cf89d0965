"""Strokes and pictures, and the bitmaps they become."""

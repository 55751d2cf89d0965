"""Strokes and pictures, and how they become the 28x28 bitmap that a network reads."""

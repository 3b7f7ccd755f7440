"""Distortions that add something to a picture."""

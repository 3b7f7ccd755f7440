"""Distortions of light and colour."""

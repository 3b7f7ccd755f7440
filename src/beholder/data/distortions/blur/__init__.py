"""Distortions that take detail away."""

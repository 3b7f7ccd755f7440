"""Distortions that move pixels."""

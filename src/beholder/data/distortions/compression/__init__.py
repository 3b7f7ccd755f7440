"""Distortions by compression."""

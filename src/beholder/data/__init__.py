"""Photographs to work on, and ways to spoil them."""

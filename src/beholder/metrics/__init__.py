"""Distances between pictures, one file each: a pure function, a thin module, its specification."""

"""Seeded pictures that are no radiographs."""

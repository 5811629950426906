"""Capsules: routing, and the networks that are made of it."""

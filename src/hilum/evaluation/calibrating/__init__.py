"""Calibration and operating points of a bundle, fitted on its user's own images into a new version of it."""

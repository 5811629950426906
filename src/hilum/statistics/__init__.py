"""Metrics, intervals, calibration and operating points: arrays in, arrays out."""

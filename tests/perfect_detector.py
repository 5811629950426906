"""A detector without faults, for tests of what lies before it."""

from __future__ import annotations

from hilum.phantom.detector import Detector

PERFECT = Detector(photons=0.0, scatter=0.0, blur_px=0.0, edge_loss=0.0)
"""No noise, scatter, unsharpness or falling exposure: each pixel depends on its own ray alone."""

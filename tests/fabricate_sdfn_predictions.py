"""Predictions of SDFN's three made-up networks on made-up patients, out of fold, one to three images a patient."""

from fabricate_study import PROTOCOL, fabricate_arms
from hilum.systems.sdfn.predictions import SdfnPredictions

STRENGTH = {"whole": 0.7, "lung": 0.75, "sdfn": 0.85}

__all__ = ["PROTOCOL", "STRENGTH", "fabricate_sdfn_predictions"]


def fabricate_sdfn_predictions(**changes) -> SdfnPredictions:
    """`changes` are of `fabricate_arms`."""
    return SdfnPredictions(**fabricate_arms(strength=STRENGTH, **changes))

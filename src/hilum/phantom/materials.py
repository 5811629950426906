"""Linear attenuation coefficients of tissues at the mean energy of two usual beams.

Mass attenuation coefficients after Hubbell and Seltzer, NIST X-Ray Mass Attenuation Coefficients, table 4 (tissues of
ICRU Report 44), times density, rounded. Trabecular bone and teeth are mixtures by density.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Beam:
    """Attenuation coefficients in 1/mm of every material, for one beam taken as monochromatic."""

    air: float
    lung: float
    fat: float
    soft: float
    trabecular: float
    cortical: float
    dentine: float
    enamel: float


CHEST_BEAM = Beam(
    air=2.3e-5,
    lung=0.0053,  # 0.26 g/cm3, inflated
    fat=0.0188,
    soft=0.0217,
    trabecular=0.031,  # 1.18 g/cm3
    cortical=0.0604,  # 1.92 g/cm3
    dentine=0.066,
    enamel=0.097,
)
"""60 keV: about 120 kVp, hard and filtered, as used for the chest."""

LIMB_BEAM = Beam(
    air=3.0e-5,
    lung=0.0070,
    fat=0.0228,
    soft=0.0285,
    trabecular=0.0560,
    cortical=0.1278,
    dentine=0.155,
    enamel=0.245,
)
"""40 keV: about 60 kVp, as used for hands and teeth."""

"""What Barnett 2023 reports, as data: the accuracy of one MobileNetV2 from random and one from ImageNet weights.

Source: A. Barnett, "MobileNetV2 for Identification of Pneumonia in Pediatric Chest X-Rays", University of Central
Florida; section "Results". The confusion matrices and curves of its figure 5 are pictures without printed counts.
"""

from __future__ import annotations

from hilum.datasets.releases.kermany import LABEL
from hilum.evaluation.comparing.published import PublishedTable

RANDOM, IMAGENET = "random", "imagenet"
TEST_IMAGES = 624
"""In the official test folder of the release, all of which the paper judges."""

PAPER = PublishedTable(
    source="Barnett 2023, section Results",
    protocol=f"as printed in the paper: official test folder of the release ({TEST_IMAGES} images), MobileNetV2, two "
    "epochs of SGD with momentum, one training each; no interval",
    protocol_short=f"official test folder, {TEST_IMAGES} images",
    columns={RANDOM: "MobileNetV2, random weights", IMAGENET: "MobileNetV2, ImageNet weights"},
    rows={LABEL: (0.7837, 0.7949)},
    means=(0.7837, 0.7949),
    decimals=4,
    measure="accuracy",
)
"""The one class is its own mean."""

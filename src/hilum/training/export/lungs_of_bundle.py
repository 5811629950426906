"""The lung network of a bundle, as the card of a model that brings it names it."""

from __future__ import annotations

from typing import Any

from hilum.bundle.load import Bundle, wrong_kind


def lungs_of_bundle(lungs: Bundle) -> dict[str, Any]:
    """The fields of `BroughtLungs`. Raises `BundleError` where the bundle is none that draws lungs alone."""
    if lungs.card.lungs is None:
        raise wrong_kind(lungs.card, expected="lungs")
    return {
        "lungs": lungs.card.lungs,
        "lungs_preprocess": lungs.card.preprocess,
        "lungs_name": lungs.card.name,
        "lungs_version": lungs.card.version,
        "lungs_sha256": lungs.sha256,
    }

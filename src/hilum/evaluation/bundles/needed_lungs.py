"""Which lung bundle draws for a model that cuts its picture to the lungs."""

from __future__ import annotations

from hilum.bundle.load import Bundle
from hilum.errors import BundleError


def needed_lungs(bundle: Bundle, *, given: Bundle | None) -> Bundle | None:
    """The lung bundle for a model whose picture is cut to the lungs; None for any other, and for a fusion with its own.

    Raises `BundleError` where it is missing, or is not the one that the model was trained with.
    """
    if "lungs" not in bundle.card.needs - bundle.card.brings:
        return None
    trained = bundle.card.training.lungs_sha256
    if given is None or (trained is not None and given.sha256 != trained):
        given_as = "none" if given is None else f"{given.card.name} {given.sha256[:12]}…"
        raise BundleError(
            f"{bundle.card.name} needs the lung model that it was trained with ({(trained or 'unknown')[:12]}…); "
            f"given: {given_as}. Name it with --lungs"
        )
    return given

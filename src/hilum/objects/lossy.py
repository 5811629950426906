"""Whether an image's pixels were ever compressed with losses, as its tags and its transfer syntax tell."""

from __future__ import annotations

from pydicom.dataset import Dataset

from hilum.objects.source import SourceImage

_ALWAYS = {
    "1.2.840.10008.1.2.4.50": "ISO_10918_1",
    "1.2.840.10008.1.2.4.51": "ISO_10918_1",
    "1.2.840.10008.1.2.4.53": "ISO_10918_1",
    "1.2.840.10008.1.2.4.55": "ISO_10918_1",
    "1.2.840.10008.1.2.4.111": "ISO_10918_1",  # JPEG XL of a JPEG, which was lossy before
}
"""Transfer syntaxes that lose something, with their names as methods (PS3.3 C.7.6.1.1.5.1)."""

_MAYBE = {
    "1.2.840.10008.1.2.4.81": "ISO_14495_1",
    "1.2.840.10008.1.2.4.91": "ISO_15444_1",
    "1.2.840.10008.1.2.4.112": "ISO_18181_1",
    "1.2.840.10008.1.2.4.203": "ISO_15444_15",
}
"""Those that may lose something or nothing."""


def tell_lossy(made: Dataset, *, image: SourceImage, is_required: bool) -> None:
    """Write into an object made of the image whether it is lossy, and if so the ratio and method that are known.

    What nobody knows is left out, or, where the element `is_required`, taken from what the transfer syntax allows.
    """
    syntax = str(image.header.file_meta.get("TransferSyntaxUID", ""))
    for keyword in ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"):
        if keyword in made:
            delattr(made, keyword)
    told = image.text("LossyImageCompression")
    may_be = "01" if syntax in _MAYBE else "00"
    found = "01" if syntax in _ALWAYS else told if told in ("00", "01") else may_be if is_required else None
    if found is not None:
        made.LossyImageCompression = found
    if found != "01":
        return
    method = _ALWAYS.get(syntax) or _MAYBE.get(syntax)
    ratio = image.header.get("LossyImageCompressionRatio") or (_ratio(image) if method else None)
    if ratio:
        made.LossyImageCompressionRatio = ratio
    method = image.header.get("LossyImageCompressionMethod") or method
    if method:
        made.LossyImageCompressionMethod = method


def _ratio(image: SourceImage) -> str:
    """The bytes that the pixels take without compression over those that they take in the file."""
    header = image.header
    plain = header.Rows * header.Columns * header.SamplesPerPixel * header.BitsAllocated / 8
    return f"{plain / max(image.pixel_bytes, 1):.2f}"

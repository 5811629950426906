"""One phantom as a DICOM file in many ways that must all show the same picture."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForProcessing,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    RLELossless,
)

from hilum.errors import FileAccessError, MissingPartError, UsageError
from hilum.phantom.dicom_tags import tagged
from hilum.phantom.display_chain import LUT_BITS, LUT_TOP, Chain, Stored
from hilum.phantom.phantom import Phantom


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to write the file.

    `presentation` is PresentationLUTShape, or None to leave it out. `second_window` adds a misleading second window.
    `preamble` False leaves out preamble, magic and file meta. With two `frames` the second is the mirror image.
    `for_processing` marks the pixels as raw. `syntax` is the transfer syntax.
    """

    chain: Chain = field(default_factory=Chain)
    presentation: str | None = "IDENTITY"
    second_window: bool = False
    preamble: bool = True
    frames: int = 1
    for_processing: bool = False
    syntax: UID = ExplicitVRLittleEndian


VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        "plain": Variant(),
        "full-range-8": Variant(Chain(bits=8, voi="none")),
        "full-range-10": Variant(Chain(bits=10, voi="none")),
        "full-range-12": Variant(Chain(bits=12, voi="none")),
        "full-range-14": Variant(Chain(bits=14, voi="none")),
        "full-range-16": Variant(Chain(bits=16, voi="none")),
        "signed-12": Variant(Chain(signed=True)),
        "signed-16": Variant(Chain(bits=16, signed=True, voi="none")),
        "window-exact": Variant(Chain(voi="linear exact")),
        "two-windows": Variant(second_window=True),
        "voi-lut": Variant(Chain(voi="lut")),
        "voi-lut-signed": Variant(Chain(voi="lut", signed=True)),
        "modality-lut": Variant(Chain(modality="lut")),
        "rescale": Variant(Chain(modality="rescale", slope=2.5, intercept=-1024.0)),
        "negative-slope": Variant(Chain(modality="rescale", slope=-1.0, intercept=4095.0)),
        "negative-slope-full-range": Variant(Chain(modality="rescale", slope=-1.0, intercept=0.0, voi="none")),
        "monochrome1": Variant(Chain(inverted=True), presentation=None),
        "monochrome1-inverse": Variant(Chain(inverted=True), presentation="INVERSE"),
        "monochrome1-voi-lut": Variant(Chain(inverted=True, voi="lut"), presentation="INVERSE"),
        "monochrome1-negative-slope": Variant(
            Chain(inverted=True, modality="rescale", slope=-1.0, intercept=4095.0), presentation="INVERSE"
        ),
        "no-preamble": Variant(preamble=False, syntax=ImplicitVRLittleEndian),
        "multi-frame": Variant(frames=2),
        "for-processing": Variant(Chain(bits=14, voi="none"), for_processing=True),
        "implicit": Variant(syntax=ImplicitVRLittleEndian),
        "big-endian": Variant(syntax=ExplicitVRBigEndian),
        "deflated": Variant(syntax=DeflatedExplicitVRLittleEndian),
        "rle": Variant(syntax=RLELossless),
        "jpeg-ls": Variant(syntax=JPEGLSLossless),
        "jpeg-2000": Variant(Chain(bits=16), syntax=JPEG2000Lossless),
        "jpeg": Variant(Chain(bits=8, voi="none"), syntax=JPEGBaseline8Bit),
    }
)
"""Every variant by name. All but `for-processing` (to be refused) show the phantom's picture; of `multi-frame` the
first frame does."""


def write_dicom(phantom: Phantom, path: Path, *, variant: str = "plain") -> Path:
    """Write the phantom as DICOM and return `path`; the same phantom and variant give the same bytes.

    Raises `UsageError` for an unknown variant, `MissingPartError` where the encoder of a compression is not
    installed, `FileAccessError` where the file cannot be written.
    """
    if variant not in VARIANTS:
        raise UsageError(f"Unknown variant {variant!r}. Known: {', '.join(VARIANTS)}")
    way = VARIANTS[variant]
    data = tagged(phantom, variant=variant)
    _add_chain(data, way)
    _add_pixels(data, way, way.chain.store(phantom.pixels))
    buffer = io.BytesIO()
    if way.preamble:
        dcmwrite(buffer, data, enforce_file_format=True)
    else:
        del data.file_meta
        dcmwrite(buffer, data, implicit_vr=True, little_endian=True)
    try:
        path.write_bytes(buffer.getvalue())
    except OSError as error:
        raise FileAccessError(f"Cannot write the phantom {path}: {error.strerror}. Choose a writable folder") from error
    return path


def _add_chain(data: Dataset, way: Variant) -> None:
    """The tags from which a reader builds the display chain."""
    chain = way.chain
    data.PhotometricInterpretation = "MONOCHROME1" if chain.inverted else "MONOCHROME2"
    if way.presentation is not None:
        data.PresentationLUTShape = way.presentation
    if way.for_processing:
        data.SOPClassUID = DigitalXRayImageStorageForProcessing
        data.Modality = "DX"
        data.PresentationIntentType = "FOR PROCESSING"
    if chain.modality == "rescale":
        data.RescaleSlope, data.RescaleIntercept, data.RescaleType = f"{chain.slope:g}", f"{chain.intercept:g}", "US"
    if chain.modality == "lut":
        data.ModalityLUTSequence = Sequence([_lut_item(chain)])
        data.ModalityLUTSequence[0].ModalityLUTType = "US"
    if chain.voi == "lut":
        data.VOILUTSequence = Sequence([_lut_item(chain)])
    if chain.voi in ("linear", "linear exact"):
        _add_window(data, way)


def _add_window(data: Dataset, way: Variant) -> None:
    low, high = way.chain.window
    exact = way.chain.voi == "linear exact"
    centre, width = ((low + high) / 2, high - low) if exact else ((low + high + 1) / 2, high - low + 1)
    centres, widths = [f"{centre:g}"], [f"{width:g}"]
    if way.second_window:
        centres.append(f"{high:g}")
        widths.append(f"{width / 4:g}")
    data.WindowCenter, data.WindowWidth = centres, widths
    if exact:
        data.VOILUTFunction = "LINEAR_EXACT"


def _lut_item(chain: Chain) -> Dataset:
    """One item of either LUT sequence; a descriptor counts 65,536 entries as 0."""
    item, first = Dataset(), chain.stored_range[0]
    item.add_new(0x00283002, "SS" if chain.signed else "US", [len(chain.lut) % (LUT_TOP + 1), first, LUT_BITS])
    item.add_new(0x00283006, "OW", chain.lut.astype("<u2").tobytes())
    return item


def _add_pixels(data: Dataset, way: Variant, stored: Stored) -> None:
    """Pixel module, frames, transfer syntax and pixel data."""
    chain = way.chain
    data.Rows, data.Columns = stored.shape
    data.SamplesPerPixel, data.PixelRepresentation = 1, int(chain.signed)
    data.BitsAllocated = 8 if chain.bits <= 8 else 16
    data.BitsStored, data.HighBit = chain.bits, chain.bits - 1
    if way.frames > 1:
        data.NumberOfFrames = way.frames
        small = data.BitsAllocated == 8
        data.SOPClassUID = (
            MultiFrameGrayscaleByteSecondaryCaptureImageStorage
            if small
            else MultiFrameGrayscaleWordSecondaryCaptureImageStorage
        )
        stored = np.concatenate([stored, *[stored[:, ::-1]] * (way.frames - 1)])
    order = ">" if way.syntax == ExplicitVRBigEndian else "<"
    kind = "i" if chain.signed else "u"
    values = stored.astype(f"{order}{kind}{data.BitsAllocated // 8}")
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = way.syntax
    if way.syntax in (JPEG2000Lossless, JPEGBaseline8Bit):
        _encapsulate(data, values)
        return
    data.PixelData = values.tobytes()
    data["PixelData"].VR = "OB" if data.BitsAllocated == 8 and not way.syntax.is_implicit_VR else "OW"
    if way.syntax.is_compressed and way.syntax.is_encapsulated:
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        _compress(data, way.syntax)


def _encapsulate(data: Dataset, values: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> None:
    """Pixel data compressed by Pillow: JPEG baseline at quality 97, or JPEG 2000 lossless as a bare code stream."""
    buffer, picture = io.BytesIO(), Image.fromarray(values)
    if data.file_meta.TransferSyntaxUID == JPEGBaseline8Bit:
        picture.save(buffer, "JPEG", quality=97)
        data.LossyImageCompression, data.LossyImageCompressionMethod = "01", "ISO_10918_1"
    else:
        picture.save(buffer, "JPEG2000", no_jp2=True, irreversible=False)
    data.PixelData = encapsulate([buffer.getvalue()])
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True


def _compress(data: Dataset, syntax: UID) -> None:
    try:
        data.compress(syntax, generate_instance_uid=False)
    except (RuntimeError, NotImplementedError) as error:
        raise MissingPartError(
            f"No encoder for {syntax.name} is installed ({error}). Install one: pip install pyjpegls"
        ) from error

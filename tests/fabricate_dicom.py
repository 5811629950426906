"""Makes small DICOM files of any encoding with pydicom's writer, from an array and tags.

python tests/fabricate_dicom.py FILE
"""

import argparse
import io
from pathlib import Path

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.pixels.encoders import RLELosslessEncoder
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from fabricate_pictures import marked

NATIVE = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
LOSSLESS = (JPEGLossless, JPEGLosslessSV1, JPEGLSLossless, JPEG2000Lossless, RLELossless)
LOSSY = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless)


def elements(pixels: np.ndarray, *, bits: int | None = None, **tags: object) -> Dataset:
    """A data set around unsigned or signed `pixels`, (H, W), (H, W, 3) or (frames, H, W) with NumberOfFrames set."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.StudyInstanceUID = ComputedRadiographyImageStorage, "1.2.3.4", "1.2.3"
    ds.Modality, ds.PatientName, ds.PatientID = "DX", "Phantom^Nobody", "PHANTOM-ID"
    frame = pixels[0] if "NumberOfFrames" in tags else pixels
    ds.Rows, ds.Columns = frame.shape[:2]
    ds.SamplesPerPixel = frame.shape[2] if frame.ndim == 3 else 1
    ds.PhotometricInterpretation = "RGB" if ds.SamplesPerPixel == 3 else "MONOCHROME2"
    if ds.SamplesPerPixel == 3:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = 8 * pixels.dtype.itemsize
    ds.BitsStored = bits or ds.BitsAllocated
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    for keyword, value in tags.items():
        setattr(ds, keyword, value)
    return ds


def dicom_bytes(
    pixels: np.ndarray,
    *,
    bits: int | None = None,
    syntax: UID = ExplicitVRLittleEndian,
    stream: bytes | None = None,
    **tags: object,
) -> bytes:
    """A DICOM file; `stream` replaces what the encoder would make of the first frame."""
    ds = elements(pixels, bits=bits, **tags)
    if syntax in NATIVE:
        order = ">" if syntax == ExplicitVRBigEndian else "<"
        data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
        ds.PixelData = data + bytes(len(data) % 2)
        ds["PixelData"].VR = "OW" if ds.BitsAllocated > 8 else "OB"
    else:
        frames = pixels if "NumberOfFrames" in tags else pixels[None]
        streams = [encode(frame, ds, syntax) for frame in frames] if stream is None else [stream]
        ds.PixelData = encapsulate(streams)
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
    return written(ds, syntax=syntax)


def written(ds: Dataset, *, syntax: UID = ExplicitVRLittleEndian) -> bytes:
    """The bytes of a data set with preamble and file meta information."""
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta = meta
    stream = io.BytesIO()
    dcmwrite(stream, ds, enforce_file_format=True)
    return stream.getvalue()


def object_bytes(sop_class: str, *, modality: str | None = None, **tags: object) -> bytes:
    """A DICOM object without pixels, such as a report."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID, ds.StudyInstanceUID = sop_class, "1.2.3.5", "1.2.3"
    if modality is not None:
        ds.Modality = modality
    for keyword, value in tags.items():
        setattr(ds, keyword, value)
    return written(ds)


def without_meta(ds: Dataset, *, syntax: UID) -> bytes:
    """The bytes of a data set alone: no preamble, no file meta information."""
    stream = io.BytesIO()
    dcmwrite(stream, ds, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=syntax != ExplicitVRBigEndian)
    return stream.getvalue()


def encode(frame: np.ndarray, ds: Dataset, syntax: UID) -> bytes:
    """One frame as a compressed stream."""
    unsigned = frame.view(f"u{frame.dtype.itemsize}")
    if syntax == RLELossless:
        return RLELosslessEncoder.encode(
            np.ascontiguousarray(frame).tobytes(),
            rows=ds.Rows, columns=ds.Columns, samples_per_pixel=ds.SamplesPerPixel, bits_allocated=ds.BitsAllocated,
            bits_stored=ds.BitsStored, pixel_representation=ds.PixelRepresentation, number_of_frames=1,
            photometric_interpretation=ds.PhotometricInterpretation, planar_configuration=0,
        )  # fmt: skip
    if syntax in (JPEGLSLossless, JPEGLSNearLossless):
        return bytes(imagecodecs.jpegls_encode(unsigned, level=0 if syntax == JPEGLSLossless else 2))
    if syntax == JPEG2000Lossless:
        return bytes(imagecodecs.jpeg2k_encode(frame, level=0, codecformat="j2k", bitspersample=ds.BitsStored))
    if syntax in (JPEGLossless, JPEGLosslessSV1):
        return bytes(imagecodecs.jpeg8_encode(unsigned, lossless=True, bitspersample=8 * unsigned.dtype.itemsize))
    bits = {JPEGBaseline8Bit: 8, JPEGExtended12Bit: 12}[syntax]
    return bytes(imagecodecs.jpeg8_encode(unsigned, level=98, bitspersample=bits))


def lut(entries: np.ndarray, *, first: int = 0, bits: int = 16) -> Sequence:
    """A sequence with one lookup table, for ModalityLUTSequence or VOILUTSequence."""
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    item.add_new("LUTData", "OW", np.asarray(entries, "<u2").tobytes())
    return Sequence([item])


def main() -> None:
    """Write the marked array as a DICOM file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.parse_args().file.write_bytes(dicom_bytes(marked(top=4095), bits=12))


if __name__ == "__main__":
    main()

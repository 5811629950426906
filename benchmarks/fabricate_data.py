"""Eight sets of made-up pictures, as releases hold them: soft shapes with grain, which compress about as X-rays do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, generate_uid

from hilum.datasets.records.files import file_sha256
from hilum.datasets.records.record import Record

CHEST_DX = "1.2.840.10008.5.1.4.1.1.1.1"


@dataclass(frozen=True)
class PictureSet:
    """How one set is written: `side` pixels square, `bits` a sample."""

    side: int
    bits: int
    suffix: str
    save: Callable[[np.ndarray, Path], None]


def save_png(pixels: np.ndarray, path: Path) -> None:
    Image.fromarray(pixels).save(path)


def save_rgba(pixels: np.ndarray, path: Path) -> None:
    Image.fromarray(pixels).convert("RGBA").save(path)


def save_jpeg(pixels: np.ndarray, path: Path) -> None:
    Image.fromarray(pixels).save(path, quality=92)


def save_rgb_jpeg(pixels: np.ndarray, path: Path) -> None:
    Image.fromarray(pixels).convert("RGB").save(path, quality=92)


def save_dicom(pixels: np.ndarray, path: Path, *, compressed: bool = False) -> None:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = JPEG2000Lossless if compressed else ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = CHEST_DX
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
    data.Modality, data.PhotometricInterpretation, data.SamplesPerPixel = "DX", "MONOCHROME2", 1
    data.Rows, data.Columns = pixels.shape
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 12, 11, 0
    data.WindowCenter, data.WindowWidth = 2048, 4096
    if compressed:
        frame = imagecodecs.jpeg2k_encode(pixels, codecformat="j2k", reversible=True, bitspersample=12)
        data.PixelData = encapsulate([frame])
    else:
        data.PixelData = pixels.tobytes()
    data.save_as(path, enforce_file_format=True)


def save_jpeg2000_dicom(pixels: np.ndarray, path: Path) -> None:
    save_dicom(pixels, path, compressed=True)


SETS: Mapping[str, PictureSet] = {
    "PNG, 8-bit grey, 1024 px": PictureSet(1024, 8, ".png", save_png),
    "PNG, RGBA, 1024 px": PictureSet(1024, 8, ".png", save_rgba),
    "PNG, 16-bit grey, 1024 px": PictureSet(1024, 16, ".png", save_png),
    "JPEG, RGB, 224 px": PictureSet(224, 8, ".jpeg", save_rgb_jpeg),
    "JPEG, grey, 512 px": PictureSet(512, 8, ".jpg", save_jpeg),
    "JPEG, grey, 2048 px": PictureSet(2048, 8, ".jpg", save_jpeg),
    "DICOM, 12-bit, 2048 px": PictureSet(2048, 12, ".dcm", save_dicom),
    "DICOM, 12-bit, JPEG 2000, 2048 px": PictureSet(2048, 12, ".dcm", save_jpeg2000_dicom),
}


def fabricate(folder: Path, *, kind: PictureSet, count: int, seed: int = 0) -> tuple[Record, ...]:
    """`count` files of one set in `folder`, each different, with a label that half of them have."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    top = 2**kind.bits - 1
    for number in range(count):
        shapes = rng.uniform(0.1, 0.9, (12, 12)).astype(np.float32)
        soft = np.asarray(Image.fromarray(shapes).resize((kind.side, kind.side)))
        grain = rng.normal(0, 0.015, (kind.side, kind.side))
        pixels = np.rint(np.clip(soft + grain, 0, 1) * top).astype(np.uint8 if kind.bits == 8 else np.uint16)
        kind.save(pixels, folder / f"{number:04}{kind.suffix}")
    return tuple(_record(path, number=number) for number, path in enumerate(sorted(folder.iterdir())))


def _record(path: Path, *, number: int) -> Record:
    return Record(
        path=path,
        image=path.name,
        patient=f"made-up:{number}",
        source="made-up",
        official=None,
        labels={"Pneumonia": float(number % 2)},
        stratum="",
        sha256=file_sha256(path),
    )

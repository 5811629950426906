"""`decode` and `read_file` as a whole: one picture through every format, bad input, threads, real files."""

import contextlib
import hashlib
import os
import struct
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_dicom import LOSSLESS, NATIVE, dicom_bytes, elements, written
from fabricate_pictures import marked, picture_bytes, png_chunk, tiff_bytes
from hilum.errors import DecodeError, FileAccessError
from hilum.imaging.decode import decode, read_file

GREY = marked()
EVERY_FORMAT = {
    "png": lambda: picture_bytes(GREY, "PNG"),
    "rgb png": lambda: picture_bytes(np.dstack([GREY] * 3), "PNG"),
    "jpeg": lambda: picture_bytes(GREY, "JPEG", quality=100),
    "bmp": lambda: picture_bytes(GREY, "BMP"),
    "webp": lambda: picture_bytes(GREY, "WEBP", lossless=True),
    "tiff": lambda: tiff_bytes(GREY, byteorder=">", compression="lzw", predictor=True),
    "miniswhite tiff": lambda: tiff_bytes(255 - GREY, photometric="miniswhite"),
    "monochrome1 dicom": lambda: dicom_bytes(255 - GREY, PhotometricInterpretation="MONOCHROME1"),
    "negative slope dicom": lambda: dicom_bytes(255 - GREY, RescaleSlope=-1, RescaleIntercept=255),
    **{f"dicom {one.name}": (lambda one=one: dicom_bytes(GREY, syntax=one)) for one in (*NATIVE, *LOSSLESS)},
}


@pytest.mark.parametrize("kind", EVERY_FORMAT)
def test_the_marked_picture_comes_out_the_same_way_through_every_format(kind: str) -> None:
    pixels = decode(EVERY_FORMAT[kind](), name="x").pixels
    expected = GREY / 255
    np.testing.assert_allclose(pixels, expected, atol=2.5 / 255 if kind == "jpeg" else 1e-6)
    for other in (expected[::-1], expected[:, ::-1], expected[::-1, ::-1], 1 - expected):
        assert np.abs(pixels - other).max() > 0.4


@pytest.mark.parametrize("kind", EVERY_FORMAT)
def test_pixels_are_float32_contiguous_and_the_source_is_whole(kind: str) -> None:
    data = EVERY_FORMAT[kind]()
    radiograph = decode(data, name="some/name")
    assert radiograph.pixels.dtype == np.float32
    assert radiograph.pixels.flags.c_contiguous
    assert radiograph.source.name == "some/name"
    assert radiograph.source.sha256 == hashlib.sha256(data).hexdigest()
    assert (radiograph.source.rows, radiograph.source.columns) == GREY.shape
    assert (radiograph.patient is None) == ("dicom" not in kind)
    assert radiograph.source.frame is None
    assert radiograph.trail[0].step == "decode"


BAD_INPUT = {
    "empty file": (b"", "the file is empty; hilum reads PNG, JPEG, TIFF, BMP, WebP or DICOM"),
    "text renamed .png": (
        b"These are words.\n",
        "not an image that hilum reads (PNG, JPEG, TIFF, BMP, WebP or DICOM) but text",
    ),
    "truncated png": (picture_bytes(GREY, "PNG")[:-30], "the PNG file is truncated: it ends before its end chunk"),
    "truncated jpeg": (
        picture_bytes(GREY, "JPEG")[:-30],
        "the JPEG stream is truncated: pixels and its end-of-image marker are missing",
    ),
    "truncated dicom": (
        dicom_bytes(GREY)[:-456],
        "the DICOM file is truncated: only 3,000 of 3,456 bytes of pixels are there",
    ),
    "dicom without pixels": (
        written(elements(GREY)),
        "the DICOM file names rows and columns but holds no pixels: truncated, or they were removed",
    ),
    "zero size png": (
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", bytes(8) + b"\x08\0\0\0\0") + png_chunk(b"IEND", b""),
        "the PNG header names 0 x 0 pixels: there is no picture in it",
    ),
    "dicom header alone": (dicom_bytes(GREY)[:140], "the DICOM file is truncated: it ends after its header"),
}


@pytest.mark.parametrize("kind", BAD_INPUT)
def test_bad_input_ends_in_one_line(kind: str) -> None:
    data, message = BAD_INPUT[kind]
    with pytest.raises(DecodeError) as caught:
        decode(data, name="bad.png")
    assert str(caught.value) == f"bad.png: {message}"


@pytest.mark.parametrize("suffix", ["PNG", "JPEG", "BMP", "WEBP", "TIFF"])
def test_one_pixel_is_a_picture(suffix: str) -> None:
    assert decode(picture_bytes(np.full((1, 1), 128, np.uint8), suffix), name="x").pixels.shape == (1, 1)


def test_read_file_gives_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"bytes")
    assert read_file(tmp_path / "a.png") == b"bytes"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError) as caught:
        read_file(tmp_path / "gone.png")
    assert str(caught.value) == (
        f"{tmp_path / 'gone.png'}: cannot be read (no such file or directory). Check the path and its permissions"
    )


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"cannot be read \(is a directory\)\. Check the path"):
        read_file(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_an_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "locked.png"
    path.write_bytes(b"bytes")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(FileAccessError, match=r"locked.png: cannot be read \(permission denied\)"):
        read_file(path)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that opens and cannot be read (Linux)")
def test_a_file_that_opens_and_cannot_be_read() -> None:
    with pytest.raises(FileAccessError) as caught:
        read_file(Path("/proc/self/mem"))
    assert str(caught.value) == (
        "/proc/self/mem: cannot be read (input/output error). Check the path and its permissions"
    )


def test_threads_get_what_one_thread_gets_and_no_warning_filter_is_lost() -> None:
    data = dicom_bytes(GREY, BodyPartExamined="CHEST")
    files = [data, dicom_bytes(GREY, syntax=LOSSLESS[2]), picture_bytes(GREY, "PNG"), tiff_bytes(GREY)]
    before = list(warnings.filters)
    barrier = threading.Barrier(4)

    def work(index: int) -> bytes:
        barrier.wait(timeout=30)
        return b"".join(decode(files[(index + i) % 4], name="x").pixels.tobytes() for i in range(8))

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(4)))
    assert len(set(results)) == 1
    assert list(warnings.filters) == before


def test_nothing_is_written_to_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    scanlines = b"".join(b"\0" + row.tobytes() for row in GREY)
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", GREY.shape[1], GREY.shape[0], 8, 0, 0, 0, 0))
    grumble = png_chunk(b"iCCP", b"x\0\0") + png_chunk(b"IDAT", zlib.compress(scanlines) + b"surplus")
    decode(b"\x89PNG\r\n\x1a\n" + header + grumble + png_chunk(b"IEND", b""), name="x")  # libpng warns of both
    noise = np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8)
    for suffix in ("PNG", "JPEG", "TIFF", "BMP", "WEBP"):
        data = bytearray(picture_bytes(noise, suffix, **({"compression": "tiff_lzw"} if suffix == "TIFF" else {})))
        for at in range(len(data) // 2, len(data) - 40, 37):
            data[at] ^= 0x5A
        with contextlib.suppress(DecodeError):  # that it is nothing else is what the fuzz test shows
            decode(bytes(data), name="x")
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


@pytest.mark.data
def test_every_real_dicom_decodes_and_the_lossless_ones_agree_to_the_bit(shared_data: Path) -> None:
    folder = shared_data / "dicom"
    hips = {}
    for path in sorted(folder.glob("*.dcm")):
        if path.name == "RG2_UNC.zst.dcm":
            continue
        radiograph = decode(read_file(path), name=path.name)
        assert radiograph.modality in ("CR", "DX", "XA")
        if path.name.startswith("RG2_"):
            hips[path.stem[4:]] = radiograph.pixels
    assert len(hips) == 7
    for lossless in ("JLSL", "JPLL", "RLE"):
        np.testing.assert_array_equal(hips[lossless], hips["J2KR"])
    for lossy in ("J2KI", "JLSN", "JPLY"):
        difference = np.abs(hips[lossy] - hips["J2KR"])
        assert 0 < difference.mean() < 0.01


@pytest.mark.data
def test_the_monochrome1_twin_of_the_chest_reads_inverted(shared_data: Path) -> None:
    (chest,) = (shared_data / "dicom").glob("1.2.276*.dcm")
    straight = decode(read_file(chest), name="chest")
    twin = decode(read_file(shared_data / "dicom" / "Fake_MONOHR1.dcm"), name="twin")
    np.testing.assert_allclose(twin.pixels, 1 - straight.pixels, atol=1e-6)
    assert straight.patient is not None
    assert straight.patient.age_years is None
    assert straight.warnings[0].startswith("Patient Age is malformed")
    assert (straight.view, straight.body_part, straight.source.spacing_mm) == ("PA", "CHEST", (0.168, 0.168))


@pytest.mark.data
def test_the_animal_thorax_inverts_once(shared_data: Path) -> None:
    radiograph = decode(read_file(shared_data / "dicom" / "dx_animal_thorax.dcm"), name="x")
    assert [step.step for step in radiograph.trail].count("invert") == 1
    assert radiograph.warnings == ()
    assert radiograph.laterality == "L"


@pytest.mark.data
def test_the_zstandard_stream_is_named(shared_data: Path) -> None:
    with pytest.raises(DecodeError, match="but a Zstandard-compressed stream; decompress it first"):
        decode(read_file(shared_data / "dicom" / "RG2_UNC.zst.dcm"), name="x")


@pytest.mark.data
def test_one_picture_of_every_folder_reads_as_pillow_reads_it(shared_data: Path) -> None:
    kinds = (".png", ".jpg", ".jpeg")
    folders = [folder for folder in sorted(shared_data.rglob("*")) if folder.is_dir() and folder.name != "dicom"]
    folders = [folder for folder in folders if not {"wingspan", "cases"} & set(folder.parts)]  # washed out, or faulty
    seen = 0
    for folder in folders:
        path = next((one for one in sorted(folder.iterdir()) if one.suffix.lower() in kinds), None)
        if path is None:
            continue
        seen += 1
        with Image.open(path) as image:
            image.draft("L", image.size)
            mode = image.mode
            expected = np.asarray(image.convert("L"))
        pixels = decode(read_file(path), name=path.name).pixels
        if mode in ("L", "RGB"):
            np.testing.assert_allclose(pixels, expected / 255, atol=1.01 / 255)
        assert pixels.shape == expected.shape
    assert seen > 20

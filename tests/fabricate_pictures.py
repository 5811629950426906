"""Makes small picture files, a marked array that shows every flip and transposition, and headers that lie.

python tests/fabricate_pictures.py FOLDER
"""

import argparse
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image


def marked(rows: int = 48, columns: int = 72, *, top: int = 255) -> np.ndarray:
    """Integers 0 to `top`, (rows, columns): smooth, brightest at the top left, darkest at the bottom right.

    A bright bar stands at the left edge of the upper half: no flip, turn or transposition gives the same picture.
    """
    y, x = np.mgrid[0:rows, 0:columns]
    ramp = 0.5 - 0.25 * y / rows - 0.15 * x / columns
    ramp[4 : rows // 2, 2:10] = 1.0
    ramp[rows - 8 :, columns - 8 :] = 0.0
    return np.rint(ramp * top).astype(np.uint8 if top <= 255 else np.uint16 if top <= 65535 else np.uint32)


def pillow_bytes(image: Image.Image, suffix: str, **options: object) -> bytes:
    """An image as Pillow writes it."""
    stream = io.BytesIO()
    image.save(stream, suffix, **options)
    return stream.getvalue()


def picture_bytes(array: np.ndarray, suffix: str, **options: object) -> bytes:
    """An array as a file of Pillow's format name."""
    return pillow_bytes(Image.fromarray(array), suffix, **options)


def tiff_bytes(array: np.ndarray, **options: object) -> bytes:
    """An array as tifffile writes it."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, **options)
    return stream.getvalue()


def png_chunk(name: bytes, content: bytes) -> bytes:
    """One PNG chunk with its checksum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_bomb(rows: int = 30_000, columns: int = 30_000) -> bytes:
    """A small and valid PNG file of so many black pixels."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0))
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(bytes(1 + columns)) for _ in range(rows)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")


def with_jpeg_size(jpeg: bytes, *, rows: int, columns: int) -> bytes:
    """The same JPEG stream with another size in its frame header."""
    at = next(i for i in range(len(jpeg)) if jpeg[i] == 0xFF and jpeg[i + 1] in (0xC0, 0xC1, 0xC2, 0xC3, 0xF7))
    return jpeg[: at + 5] + struct.pack(">HH", rows, columns) + jpeg[at + 9 :]


def with_tiff_size(tiff: bytes, *, rows: int, columns: int) -> bytes:
    """The same little-endian classic TIFF with another size in its first directory."""
    data = bytearray(tiff)
    (offset,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, offset)
    for entry in range(offset + 2, offset + 2 + 12 * count, 12):
        tag = struct.unpack_from("<H", data, entry)[0]
        if tag in (256, 257):
            struct.pack_into("<HHII", data, entry, tag, 4, 1, columns if tag == 256 else rows)
    return bytes(data)


def with_bmp_size(bmp: bytes, *, rows: int, columns: int) -> bytes:
    """The same BMP with another size in its header."""
    return bmp[:18] + struct.pack("<ii", columns, rows) + bmp[26:]


def with_webp_size(webp: bytes, *, rows: int, columns: int) -> bytes:
    """The same lossless WebP with another size in its header."""
    packed = int.from_bytes(webp[21:25], "little") >> 28 << 28 | (rows - 1) << 14 | (columns - 1)
    return webp[:21] + packed.to_bytes(4, "little") + webp[25:]


def main() -> None:
    """Write one file of each format into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in ("png", "jpeg", "bmp", "webp", "tiff"):
        (folder / f"marked.{suffix}").write_bytes(picture_bytes(marked(), suffix))


if __name__ == "__main__":
    main()

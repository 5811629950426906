"""What decoding a compressed film costs by each decoder that could do it, and how much of imagecodecs reading needs.

    python benchmarks/decoders.py [--out FOLDER] [--rounds 5] [--quick]

needs the base installation alone and takes half a minute. One fabricated film, 2,048 x 2,048 pixels of 12 bits with
grain, is encoded by each syntax and decoded by each decoder that imagecodecs has for it: least processor time and least
time that passed over the rounds, and whether the words are those that went in (of a lossy stream: the same by any
number of threads). Then every format that hilum decodes with imagecodecs is decoded once, and the shared objects of
imagecodecs that the process holds are counted against the whole (Linux alone). Prints a table and writes
`decoders.json`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import imagecodecs
import numpy as np

from hilum.phantom.thorax import render_thorax
from measuring import head, write

Words = np.ndarray


def main() -> None:
    arguments = parse()
    side = 256 if arguments.quick else 2048
    film = fabricated(side)
    rows = [row for stream in streams(film) for row in stream]
    measured = [one(*row, film=film, rounds=1 if arguments.quick else arguments.rounds) for row in rows]
    whole, held = installed_mb(), held_mb()
    report = head(threads=1, quick=arguments.quick) | {
        "imagecodecs": metadata.version("imagecodecs"),
        "pixels": side,
        "decoders": measured,
        "installed_mb": round(whole, 1),
        "held_mb": None if held is None else round(held, 1),
        "targets": [],
    }
    print("\n".join(f"  {each['cpu_ms']:8.1f} {each['wall_ms']:8.1f} ms {'exact' if each['exact'] else 'other':6}"
                    f" {each['mb']:6.2f} MB  {each['syntax']}, {each['decoder']}" for each in measured))  # fmt: skip
    print(f"  imagecodecs: {whole:.1f} MB installed, {report['held_mb']} MB of it are held by a process that decoded")
    write(report, folder=arguments.out, name="decoders.json")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for decoders.json")
    parser.add_argument("--rounds", type=int, default=5, help="how often each decodes")
    parser.add_argument("--quick", action="store_true", help="a small film, once: shows that it works")
    return parser.parse_args()


def fabricated(side: int) -> Words:
    """A phantom chest of 12 bits with the grain of a detector, uint16."""
    pixels = render_thorax(rows=side, columns=side, seed=0).pixels
    grain = np.random.default_rng(0).normal(0, 12, pixels.shape)
    return np.clip(np.rint(pixels * 4095 + grain), 0, 4095).astype(np.uint16)


Row = tuple[str, str, bytes, Callable[[bytes], Words], bool]


def streams(film: Words) -> list[list[Row]]:
    """For each syntax: its name, the decoder's name, the stream, the decoder, and whether the stream is lossy."""

    def threads(count: int) -> Callable[[bytes], Words]:
        return lambda stream: imagecodecs.jpeg2k_decode(stream, numthreads=count)

    lossless = imagecodecs.jpeg2k_encode(film, level=0, codecformat="j2k", bitspersample=12)
    lossy = imagecodecs.jpeg2k_encode(film, level=60, codecformat="j2k", bitspersample=12, reversible=False)
    old = imagecodecs.ljpeg_encode(film, bitspersample=12)
    return [
        [("JPEG 2000 lossless", f"OpenJPEG, {n} threads", lossless, threads(n), False) for n in (1, 2, 4)],
        [("JPEG 2000", f"OpenJPEG, {n} threads", lossy, threads(n), True) for n in (1, 2, 4)],
        [("HTJ2K lossless", "OpenJPEG", imagecodecs.htj2k_encode(film), imagecodecs.jpeg2k_decode, False)],
        [("JPEG-LS lossless", "CharLS", imagecodecs.jpegls_encode(film), imagecodecs.jpegls_decode, False)],
        [
            ("JPEG lossless", "libjpeg-turbo (jpeg8)", old, imagecodecs.jpeg8_decode, False),
            ("JPEG lossless", "liblj92 (ljpeg)", old, imagecodecs.ljpeg_decode, False),
            ("JPEG lossless", "jpegsof3", old, imagecodecs.jpegsof3_decode, False),
        ],
    ]


def one(
    syntax: str, decoder: str, stream: bytes, decode: Callable[[bytes], Words], lossy: bool, *, film: Words, rounds: int
) -> dict[str, object]:
    """The least of the rounds, and whether the words are right."""
    wall, cpu = [], []
    for _ in range(rounds):
        began, used = time.perf_counter(), time.process_time()
        found = decode(stream)
        wall.append((time.perf_counter() - began) * 1e3)
        cpu.append((time.process_time() - used) * 1e3)
    right = imagecodecs.jpeg2k_decode(stream, numthreads=1) if lossy else film
    return {
        "syntax": syntax, "decoder": decoder, "mb": round(len(stream) / 1e6, 2), "cpu_ms": round(min(cpu), 1),
        "wall_ms": round(min(wall), 1), "exact": bool(np.array_equal(np.squeeze(found), right)),
    }  # fmt: skip


def installed_mb() -> float:
    """MB of all files of imagecodecs."""
    files = metadata.files("imagecodecs") or []
    return sum(path.stat().st_size for file in files if (path := Path(file.locate())).is_file()) / 1e6


def held_mb() -> float | None:
    """MB of the shared objects of imagecodecs that this process holds, once it decoded what hilum decodes with it."""
    grey = np.zeros((16, 16), np.uint8)
    for encode, decode in (
        (imagecodecs.png_encode, imagecodecs.png_decode),
        (imagecodecs.tiff_encode, imagecodecs.tiff_decode),
        (imagecodecs.jpegxl_encode, imagecodecs.jpegxl_decode),
    ):
        decode(encode(grey))
    if not imagecodecs.DICOMRLE.available:  # to ask loads it; it decodes only
        raise SystemExit("imagecodecs was built without RLE")
    maps = Path("/proc/self/maps")
    if not maps.is_file():
        return None
    held = {line.split()[-1] for line in maps.read_text().splitlines() if "imagecodecs" in line and ".so" in line}
    return sum(Path(name).stat().st_size for name in held) / 1e6


if __name__ == "__main__":
    main()

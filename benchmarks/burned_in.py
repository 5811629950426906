"""How often burned-in text is found, and how often something else is taken for it.

    python benchmarks/burned_in.py FOLDER… [--each 40] [--seed 0] [--sheet FILE] [--out benchmarks/results]

Of each folder, so many images are drawn at random and brought to 1,400 pixels on the long side where they are smaller.
Then a made-up name, number or date is written on each, near the upper or lower edge, in one of five sizes, with or
without a black box behind it, saved as JPEG in every other picture. Found is what overlaps the written text. What is
found in an image before anything is written on it may be real text: `--sheet` draws those, to be looked at by eye.
"""

from __future__ import annotations

import argparse
import io
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hilum.anonymous.burned_in import text_lines
from hilum.errors import HilumError
from hilum.geometry import Box
from hilum.imaging.decode import decode, read_file
from hilum.radiograph import Pixels
from hilum.statistics.proportion import wilson
from measuring import head, say, write

WRITTEN = ("CLEMENTS", "MUELLER ANNA", "12.03.1961", "ID 4711023", "Smith, John", "ST. MARY HOSPITAL", "Doe^Jane 45Y")
HEIGHTS_PX = (12, 16, 20, 28, 40)
LONGEST = 1400
SUFFIXES = (".png", ".jpg", ".jpeg", ".dcm")


@dataclass(frozen=True, slots=True)
class Tried:
    """One image: whether it had text already, and whether the text that was written on it was found."""

    folder: str
    flagged: bool
    found: bool
    height_px: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--each", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    drawn = random.Random(asked.seed)
    tried: list[Tried] = []
    shown: list[Image.Image] = []
    for folder in asked.folders:
        files = sorted(
            path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and "mask" not in str(path)
        )
        drawn.shuffle(files)
        for path in files[: asked.each]:
            try:
                pixels = _large(decode(read_file(path), name=path.name).pixels)
            except HilumError as error:
                say(f"left out: {error}")
                continue
            tried.append(_try(pixels, folder=folder.name, drawn=drawn, shown=shown))
        say(f"{folder.name}: {sum(each.folder == folder.name for each in tried)} images")
    report = _report(tried, each=asked.each, seed=asked.seed)
    write(report, folder=asked.out, name="burned_in.json")
    for what, share in report["shares"].items():
        print(f"  {share['value']:.3f} [{share['low']:.3f}, {share['high']:.3f}]  {what} (n {share['n']})")
    if asked.sheet is not None and shown:
        _sheet(shown).save(asked.sheet)


def _large(pixels: Pixels) -> Pixels:
    """At least 1,400 pixels on the long side, as text is written into radiographs of full size."""
    scale = LONGEST / max(pixels.shape)
    if scale <= 1:
        return pixels
    size = round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)).clip(0, 1)


def _try(pixels: Pixels, *, folder: str, drawn: random.Random, shown: list[Image.Image]) -> Tried:
    before = text_lines(pixels)
    if before:
        shown.append(_framed(pixels, [line.box for line in before]))
    picture, box, height = _written(pixels, drawn=drawn)
    found = any(_touch(line.box, box) for line in text_lines(picture))
    return Tried(folder, bool(before), found, height)


def _written(pixels: Pixels, *, drawn: random.Random) -> tuple[Pixels, Box, int]:
    rows, columns = pixels.shape
    text, height = drawn.choice(WRITTEN), drawn.choice(HEIGHTS_PX)
    font = ImageFont.load_default(height)
    image = Image.fromarray((pixels * 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    x = drawn.randint(4, max(4, columns - round(right) - 8))
    upper = drawn.random() < 0.5
    y = drawn.randint(4, rows // 7) if upper else drawn.randint(round(rows * 0.8), rows - round(bottom) - 8)
    box = Box(x + left, y + top, right - left, bottom - top)
    if drawn.random() < 0.3:
        draw.rectangle((box.x - 4, box.y - 4, box.x + box.width + 4, box.y + box.height + 4), fill=0)
    draw.text((x, y), text, fill=drawn.choice((255, 255, 235)), font=font)
    if drawn.random() < 0.5:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=85)
        image = Image.open(stream)
    return np.asarray(image, np.float32) / 255, box, height


def _touch(one: Box, other: Box) -> bool:
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > 0 and down > 0


def _report(tried: list[Tried], *, each: int, seed: int) -> dict[str, object]:
    def share(of: list[bool]) -> dict[str, float]:
        estimate = wilson(sum(of), n=len(of))
        low, high = estimate.interval
        return {"value": round(estimate.value, 4), "low": round(low, 4), "high": round(high, 4), "n": len(of)}

    shares = {"written text found": share([one.found for one in tried])}
    for height in HEIGHTS_PX:
        of = [one.found for one in tried if one.height_px == height]
        shares |= {f"written text of {height} px found": share(of)} if of else {}
    for folder in dict.fromkeys(one.folder for one in tried):
        shares[f"{folder}: text before any was written"] = share([one.flagged for one in tried if one.folder == folder])
    return {**head(threads=1, quick=False), "each": each, "seed": seed, "shares": shares}


def _framed(pixels: Pixels, boxes: list[Box]) -> Image.Image:
    image = Image.fromarray((pixels * 255).astype(np.uint8)).convert("RGB")
    draw = ImageDraw.Draw(image)
    for box in boxes:
        corners = (box.x - 6, box.y - 6, box.x + box.width + 6, box.y + box.height + 6)
        draw.rectangle(corners, outline=(255, 0, 0), width=4)
    image.thumbnail((400, 400))
    return image


def _sheet(images: list[Image.Image], *, across: int = 6) -> Image.Image:
    sheet = Image.new("RGB", (400 * across, 400 * -(-len(images) // across)))
    for number, image in enumerate(images):
        sheet.paste(image, (400 * (number % across), 400 * (number // across)))
    return sheet


if __name__ == "__main__":
    main()

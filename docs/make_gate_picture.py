"""Draw docs/images/gate.png again: fabricated pictures, and what the shipped gate says of each.

    python docs/make_gate_picture.py

Phantoms and renderings have fixed seeds, so that the same models and code give the same picture. What the gate gets
wrong stands in a red frame; the last pictures are those of a thousand renderings that it does not refuse. The picture
names its models in a text chunk; a test compares them with the ones that ship.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont, ImageOps
from PIL.PngImagePlugin import PngInfo

from hilum import Reader
from hilum.datasets.renderings.renderings import FAMILIES, JUDGING_SEEDS, render
from hilum.phantom.hand import render_hand
from hilum.phantom.jaw import render_jaw
from hilum.phantom.lesions import LesionSpec
from hilum.phantom.thorax import render_thorax
from hilum.reading_result import Reading

PICTURE = Path(__file__).parent / "images" / "gate.png"
COLUMNS, TILE_PX, GAP_PX, CAPTION_PX = 6, 200, 14, 62
RENDERINGS = 1000
PAPER, INK, QUIET, WRONG, RIGHT = (255, 255, 255), (24, 26, 30), (95, 100, 108), (200, 40, 30), (190, 194, 200)

Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture: what it is in words, the answer that is right, and the word its warning must hold (or none)."""

    name: str
    grey: Grey
    answer: str
    warning: str = ""


def pictures() -> tuple[Shown, ...]:
    """Phantoms as they are, chests with one fault each, and one rendering of each family."""
    chest, child = _grey(render_thorax(seed=0).pixels), _grey(render_thorax(seed=1, child=True, sex="F").pixels)
    nodule = LesionSpec("Nodule", centre=(0.725, 0.43), radii=(0.03, 0.03), density=1.6)
    ill = _grey(render_thorax(seed=3, sex="F", lesions=(nodule,)).pixels)
    rows, columns = chest.shape
    part = chest[rows // 8 : rows // 2, columns // 2 : columns * 15 // 16]
    return (
        Shown("chest", chest, "chest"),
        Shown("chest of a child", child, "chest"),
        Shown("chest with a nodule", ill, "chest"),
        Shown("chest, upside down", np.ascontiguousarray(np.rot90(chest, 2)), "chest", "upside down"),
        Shown("chest, turned", np.ascontiguousarray(np.rot90(child)), "chest", "turned by 90"),
        Shown("chest, inverted", 255 - ill, "chest", "inverted"),
        Shown("part of a chest", np.ascontiguousarray(part), "chest", "a part of the chest"),
        Shown("hand", _grey(render_hand(seed=0).pixels), "hand"),
        Shown("hand of another", _grey(render_hand(seed=5).pixels), "hand"),
        Shown("jaws", _grey(render_jaw(seed=0).pixels), "dental"),
        *(Shown(name, render(name, seed=JUDGING_SEEDS[index]), "no X-ray") for index, name in enumerate(FAMILIES)),
    )


def errors(reader: Reader, *, most: int) -> tuple[Shown, ...]:
    """The first renderings of a thousand that the gate does not call no X-ray, `most` at most."""
    found: list[Shown] = []
    for index in range(RENDERINGS):
        name = FAMILIES[index % len(FAMILIES)]
        grey = render(name, seed=JUDGING_SEEDS[index])
        if answer(reader.read(_png(grey), name=name)) != "no X-ray":
            found.append(Shown(f"{name}, number {index}", grey, "no X-ray"))
        if len(found) == most:
            break
    return tuple(found)


def answer(reading: Reading) -> str:
    """The gate's verdict in a word or two."""
    gate = reading.gate
    if gate.status == "accepted" and gate.type is not None:
        return gate.type.name
    if gate.status == "unsure":
        return f"unsure: {' or '.join(gate.candidates)}"
    return "none of the types" if gate.candidates else "no X-ray"


def draw(shown: tuple[Shown, ...], *, reader: Reader) -> Image.Image:
    """All pictures in rows, each with what it is, what the gate says and the warnings about a chest's state."""
    rows = -(-len(shown) // COLUMNS)
    size = COLUMNS * (TILE_PX + GAP_PX) + GAP_PX, rows * (TILE_PX + CAPTION_PX + GAP_PX) + GAP_PX
    sheet = Image.new("RGB", size, PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for index, one in enumerate(shown):
        x = GAP_PX + index % COLUMNS * (TILE_PX + GAP_PX)
        y = GAP_PX + index // COLUMNS * (TILE_PX + CAPTION_PX + GAP_PX)
        tile = ImageOps.pad(Image.fromarray(one.grey).convert("RGB"), (TILE_PX, TILE_PX), color=(0, 0, 0))
        sheet.paste(tile, (x, y))
        reading = reader.read(_png(one.grey), name=one.name)
        said = answer(reading)
        warned = not one.warning or any(one.warning in warning for warning in reading.warnings)
        right = said == one.answer and warned
        edge = (x - 3, y - 3, x + TILE_PX + 2, y + TILE_PX + 2)
        pen.rectangle(edge, outline=RIGHT if right else WRONG, width=1 if right else 3)
        pen.text((x, y + TILE_PX + 5), f"is: {one.name}", fill=QUIET, font=font)
        note = f" ({one.warning})" if one.warning and warned else ""
        for line, text in enumerate(_wrapped(f"gate: {said}{note}", font=font)):
            pen.text((x, y + TILE_PX + 22 + 16 * line), text, fill=INK if right else WRONG, font=font)
    return sheet


def main() -> int:
    """Draw the picture."""
    reader = Reader()
    models = PngInfo()
    models.add_text("models", " ".join(model.sha256 for model in reader.models))
    sheet = draw((*pictures(), *errors(reader, most=COLUMNS)), reader=reader)
    sheet.quantize(128).save(PICTURE, optimize=True, pnginfo=models)
    return 0


def _grey(pixels: npt.NDArray[np.float32]) -> Grey:
    return np.rint(pixels * 255).astype(np.uint8)


def _png(grey: Grey) -> bytes:
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()


def _wrapped(text: str, *, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > TILE_PX and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines[:2]


if __name__ == "__main__":
    sys.exit(main())

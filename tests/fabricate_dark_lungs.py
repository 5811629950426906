"""Writes pictures for toy models: bright chests whose lungs are dark rectangles, and what can go wrong with them.

    python tests/fabricate_dark_lungs.py FOLDER

`fabricate_lungs.py`'s network calls what is dark lung. The rectangles lie where lungs do; `CASES` names the bad input.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

ROWS, COLUMNS = 256, 192
RIGHT, LEFT = (slice(64, 192), slice(24, 72)), (slice(64, 192), slice(120, 168))
BELLY = (slice(236, 256), slice(40, 80))
TALL_RIGHT = (slice(0, 192), slice(24, 72))
EVERYTHING = (slice(None), slice(None))
BRIGHT = 235

CASES: dict[str, tuple[tuple[slice, slice], ...]] = {
    "two lungs": (RIGHT, LEFT),
    "no lung": (),
    "one lung": (LEFT,),
    "more than two regions": (RIGHT, LEFT, BELLY),
    "touches the border": (TALL_RIGHT, LEFT),
    "all dark": (EVERYTHING,),
}


def chest(*dark: tuple[slice, slice], rows: int = ROWS, columns: int = COLUMNS, bright: int = BRIGHT) -> np.ndarray:
    """Grey uint8 (rows, columns): `bright`, and 0 in each of the rectangles."""
    grey = np.full((rows, columns), bright, np.uint8)
    for place in dark:
        grey[place] = 0
    return grey


def write_chest(path: Path, *dark: tuple[slice, slice], rows: int = ROWS, columns: int = COLUMNS) -> Path:
    """The picture as a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(chest(*dark, rows=rows, columns=columns)).save(path)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write one picture for each case.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for case, places in CASES.items():
        write_chest(folder / f"{case.replace(' ', '-')}.png", *places)

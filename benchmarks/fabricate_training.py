"""Releases to train the gate and the lungs on, and their studies, for `before_and_after.py`: soft shapes with grain.

The layouts are those of the tests' scripts; their tiny pictures are painted over in the sizes that releases have.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from fabricate_gate_data import write_gate_data  # noqa: E402 (found by the line above)
from fabricate_lung_releases import write_lung_releases  # noqa: E402

SHIPPED = ROOT / "src" / "hilum" / "bundle" / "shipped"
SIDES_PX = (256, 512)
LUNGS_PX = 384
GRAIN = 4.0
"""The standard deviation of the grain, of 255 grey levels."""


def fabricate(folder: Path, *, each: int) -> None:
    """`gate/` with about `28 x each` pictures, `lungs/` with `12 x each` chests, and a study folder of either."""
    rng = np.random.default_rng(0)
    write_gate_data(folder / "gate", each=each)
    for path in sorted((folder / "gate").rglob("*")):
        if path.suffix in (".jpg", ".jpeg", ".JPEG", ".png"):
            _soft(rng).save(path, quality=90)
    write_lung_releases(folder / "lungs", each=4 * each)
    for path in sorted((folder / "lungs").rglob("*.png")):
        _enlarged(Image.open(path), mask=path.parent.name != "images", rng=rng).save(path)
    _write_study(folder / "gate-study", spec=json.loads((SHIPPED / "xray-gate" / "card.json").read_text())["gate"])
    card = json.loads((SHIPPED / "lung-regions" / "card.json").read_text())
    tables = {name: card["lungs"][name] for name in ("figures", "quality")}
    trust = {"n": 100, "bad": 10, "bad_untrusted": 9, "good_untrusted": 9, "auroc": 0.9}
    told = {"split_sha256": "0" * 64, "protocol": card["protocol"], "smoke": False}
    arms = {arm: {**tables, "ratio_error": None, "trust": []} for arm in ("all", "free")}
    # the first line is for revisions from before the study had arms
    _write_study(folder / "lungs-study", **tables, trust=trust, **told, arms=arms, differences=[])


def _write_study(folder: Path, **fields: object) -> None:
    folder.mkdir()
    (folder / "study.json").write_text(json.dumps(fields))


def _soft(rng: np.random.Generator) -> Image.Image:
    size = tuple(int(side) for side in rng.integers(*SIDES_PX, size=2))
    shapes = Image.fromarray(rng.uniform(20, 230, (12, 12)).astype(np.float32)).resize(size, Image.Resampling.BICUBIC)
    return _grained(np.asarray(shapes), rng)


def _enlarged(picture: Image.Image, *, mask: bool, rng: np.random.Generator) -> Image.Image:
    size = (LUNGS_PX, LUNGS_PX)
    if mask:
        return picture.resize(size, Image.Resampling.NEAREST)
    return _grained(np.asarray(picture.resize(size, Image.Resampling.BICUBIC), np.float32), rng)


def _grained(grey: np.ndarray, rng: np.random.Generator) -> Image.Image:
    grained = grey + rng.normal(0, GRAIN, grey.shape)
    return Image.fromarray(np.clip(grained, 0, 255).astype(np.uint8))

import sqlite3

import numpy as np

from hilum.datasets.prepared.drawing_memory import MEMORY_NAME
from hilum.datasets.prepared.lung_boxes import DrawnBox, remembered_boxes
from hilum.datasets.prepared.lung_masks import DrawnMask, remembered_masks
from hilum.datasets.records.packed_mask import PackedMask
from hilum.geometry import Box

MASK = PackedMask.of(np.random.default_rng(0).random((20, 30)) < 0.5)


def test_masks_are_remembered_beside_boxes(tmp_path):
    box = DrawnBox(Box(1.0, 2.0, 3.0, 4.0), trusted=True, flags=())
    with remembered_boxes(tmp_path, drawer="one") as boxes, remembered_masks(tmp_path, drawer="one") as masks:
        boxes.keep("a", box)
        boxes.save()
        masks.keep("a", DrawnMask(MASK, trusted=True))
        masks.keep("b", DrawnMask(MASK, trusted=False))
    with remembered_boxes(tmp_path, drawer="one") as boxes, remembered_masks(tmp_path, drawer="one") as masks:
        assert boxes.find("a") == box
        assert masks.find("a").usable == MASK
        assert masks.find("b") == DrawnMask(MASK, trusted=False)
        assert masks.find("b").usable is None
        assert masks.find("c") is None


def test_boxes_of_an_earlier_hilum_are_found(tmp_path):
    """Drawing those of a large release takes hours."""
    with sqlite3.connect(tmp_path / MEMORY_NAME) as database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS drawings (drawer TEXT, sha256 TEXT, x REAL, y REAL, width REAL, height REAL, "
            "trusted INTEGER, flags TEXT, PRIMARY KEY (drawer, sha256)) WITHOUT ROWID"
        )
        database.execute("INSERT INTO drawings VALUES ('one', 'a', 1.5, 2.0, 3.0, 4.0, 1, '[\"mirrored\"]')")
    with remembered_boxes(tmp_path, drawer="one") as memory:
        assert memory.find("a") == DrawnBox(Box(1.5, 2.0, 3.0, 4.0), trusted=True, flags=("mirrored",))

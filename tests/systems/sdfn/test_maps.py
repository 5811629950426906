from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fabricate_two_maps import GRIDS, two_maps
from hilum.errors import DataError
from hilum.systems.sdfn.maps import load_maps, save_maps


def test_what_is_written_is_read_to_the_bit(tmp_path: Path) -> None:
    made = [two_maps(1), replace(two_maps(2), crop_box=None)]
    save_maps(made, path=tmp_path / "maps.npz")
    for one, back in zip(made, load_maps(tmp_path / "maps.npz"), strict=True):
        for name in GRIDS:
            assert np.array_equal(getattr(one, name).grid, getattr(back, name).grid)
            assert getattr(one, name).geometry == getattr(back, name).geometry
        facts = [(m.image, m.label, m.crop_box, m.whole_probability, m.sdfn_probability) for m in (one, back)]
        assert facts[0] == facts[1]


def test_no_maps_at_all(tmp_path: Path) -> None:
    save_maps([], path=tmp_path / "maps.npz")
    assert load_maps(tmp_path / "maps.npz") == ()


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04 torn")
    np.savez(tmp_path / "other.npz", image=np.array(["x"]))
    for name in ("torn.npz", "other.npz", "none.npz"):
        with pytest.raises(DataError, match="run the study again"):
            load_maps(tmp_path / name)

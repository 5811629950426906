"""Which bundle is a calibrated one's origin, where both lie on the shelf."""

from pathlib import Path

import pytest

from fabricate_bundle import ToyBundle
from fabricate_calibrated import calibrated_of
from hilum.bundle.load import Bundle
from hilum.bundle.stand_in import StandIn, stand_ins, without_origins


@pytest.fixture
def raw(tmp_path: Path) -> Bundle:
    return ToyBundle(name="raw").write(tmp_path / "raw")


def test_what_was_made_of_this_very_bundle_takes_its_place(raw: Bundle, tmp_path: Path) -> None:
    other = ToyBundle(name="other").write(tmp_path / "other")
    made = calibrated_of(raw, folder=tmp_path / "made")
    found = stand_ins((raw, other, made))
    assert found == (StandIn(made, raw, is_of_it=True),)
    assert without_origins((raw, other, made), stand_ins=found) == (other, made)


def test_beside_another_version_both_stay(raw: Bundle, tmp_path: Path) -> None:
    made = calibrated_of(raw, folder=tmp_path / "made")
    newer = ToyBundle(name="raw", operating_point=0.7).write(tmp_path / "newer")
    found = stand_ins((newer, made))
    assert found == (StandIn(made, newer, is_of_it=False),)
    assert without_origins((newer, made), stand_ins=found) == (newer, made)


def test_what_was_calibrated_twice_takes_the_place_of_the_first(raw: Bundle, tmp_path: Path) -> None:
    once = calibrated_of(raw, folder=tmp_path / "once")
    twice = calibrated_of(once, folder=tmp_path / "twice")
    for shelf in ((raw, twice), (raw, once, twice)):
        assert without_origins(shelf, stand_ins=stand_ins(shelf)) == (twice,)


def test_alone_it_stands_for_nothing(raw: Bundle, tmp_path: Path) -> None:
    assert stand_ins((calibrated_of(raw, folder=tmp_path / "made"),)) == ()
    assert stand_ins((raw,)) == ()

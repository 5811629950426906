"""Every shipped bundle reads as when `tests/reading_table.json` was made: to the bit, where the same kernels read."""

import copy
import json

import pytest

from make_reading_table import (
    FOLDERS,
    TABLE,
    TOLERANCE,
    by_sha256,
    differences,
    here,
    phantom_readings,
    pictures,
    real_readings,
)


@pytest.fixture(scope="module")
def table():
    return json.loads(TABLE.read_text())


@pytest.fixture(scope="module")
def exact(table):
    """Whether this machine computes as the table's did, to the last bit."""
    return here() == {key: value for key, value in table["made"].items() if key != "commit"}


def found(was, now, *, exact):
    assert was.keys() == now.keys()
    return [line for name in was for line in differences(name, was=was[name], now=now[name], exact=exact)]


def test_phantoms_are_read_as_before(table, exact, tmp_path):
    assert found(table["phantoms"], phantom_readings(tmp_path), exact=exact) == []


@pytest.mark.data
def test_real_images_are_read_as_before(table, exact, shared_data):
    images = by_sha256(path for name in FOLDERS for path in pictures(shared_data / name))
    assert set(table["real"]) <= set(images), (
        "images of the table are gone; make it again from a commit known to be good"
    )
    now = real_readings({sha256: images[sha256] for sha256 in table["real"]})
    assert found(table["real"], now, exact=exact) == []


def test_the_table_holds_every_kind_of_reading(table):
    said = [way for part in ("phantoms", "real") for ways in table[part].values() for way in ways.values()]
    assert {each["words"]["gate"][0] for each in said} == {"accepted", "refused", "unsure"}
    assert {each["words"]["lungs"][0] for each in said if "lungs" in each["words"]} == {True, False}
    decided = [value[0] for each in said for key, value in each["words"].items() if key.startswith("pneumonia")]
    assert set(decided) == {True, False, None}


LOGIT = "pneumonia-paediatric Pneumonia logit"


@pytest.mark.parametrize("part", ["phantoms", "real"])
def test_a_change_is_found(table, part):
    was = table[part]
    name, ways = next((name, ways) for name, ways in was.items() if LOGIT in ways["as it comes"]["numbers"])
    assert found(was, copy.deepcopy(was), exact=True) == []

    def changed(change):
        now = copy.deepcopy(ways)
        change(now["as it comes"])
        return tuple(bool(differences(name, was=ways, now=now, exact=exact)) for exact in (True, False))

    def shifted(by):
        def change(reading):
            value = reading["numbers"][LOGIT]
            moved = (float.fromhex(value) if part == "phantoms" else value) + by
            reading["numbers"][LOGIT] = moved.hex() if part == "phantoms" else moved

        return change

    assert changed(shifted(1e-6)) == (True, False)
    assert changed(shifted(2 * TOLERANCE)) == (True, True)
    assert changed(lambda reading: reading["hashes"].update({next(iter(reading["hashes"])): "0"})) == (True, False)
    assert changed(lambda reading: reading["words"].update(gate=["refused", None])) == (True, True)
    assert changed(lambda reading: reading["numbers"].pop(LOGIT)) == (True, True)

import numpy as np
import pytest

from hilum.datasets.prepared.shards import (
    as_bytes,
    as_pixels,
    find_places,
    open_shard,
    remove_unfinished,
    write_shards,
)
from hilum.imaging.pixels.grey import to_unit

SIZE = (4, 64)
LEVELS = to_unit(np.arange(256, dtype=np.uint8).reshape(SIZE), bits=8)


def image(seed):
    return np.random.default_rng(seed).random(SIZE, np.float32)


def test_what_an_8_bit_file_decodes_to_is_kept_as_bytes_and_comes_back_bit_for_bit():
    levels = as_bytes(LEVELS)
    assert levels.dtype == np.uint8
    assert as_pixels(levels).tobytes() == LEVELS.tobytes()


@pytest.mark.parametrize(
    "grey",
    [
        np.nextafter(LEVELS, np.float32(2.0)),
        np.nextafter(LEVELS, np.float32(-1.0)),
        to_unit(np.arange(256, dtype=np.uint16).reshape(SIZE), bits=16),
        np.where(LEVELS == 0, np.float32(-0.0), LEVELS),
    ],
)
def test_one_bit_beside_the_levels_is_not_kept_as_bytes(grey):
    assert as_bytes(grey.astype(np.float32)) is None


def test_both_ways_of_storing_come_back_bit_for_bit(tmp_path):
    images = {"a": image(0), "b": LEVELS, "c": image(1)}
    write_shards(tmp_path, images)
    places = find_places(tmp_path, size=SIZE)
    assert {name: open_shard(place.shard).dtype.str for name, place in places.items()} == {
        "a": "<f4", "b": "|u1", "c": "<f4",
    }  # fmt: skip
    for name, grey in images.items():
        assert as_pixels(open_shard(places[name].shard)[places[name].row]).tobytes() == grey.tobytes()


def test_a_shard_without_its_list_or_cut_short_or_of_another_size_is_not_read(tmp_path):
    for seed in range(4):
        write_shards(tmp_path, {f"image{seed}": image(seed)})
    shards = {name: place.shard for name, place in find_places(tmp_path, size=SIZE).items()}
    shards["image0"].with_suffix(".json").unlink()
    shards["image1"].write_bytes(shards["image1"].read_bytes()[:-1])
    shards["image2"].with_suffix(".json").write_text('["image2", "another"]')
    assert list(find_places(tmp_path, size=SIZE)) == ["image3"]
    assert find_places(tmp_path, size=(8, 32)) == {}
    shards["image3"].with_suffix(".json").write_text('["image3"')
    assert find_places(tmp_path, size=SIZE) == {}


def test_what_a_killed_writer_left_is_removed_and_whole_shards_stay(tmp_path):
    for seed in range(2):
        write_shards(tmp_path, {f"image{seed}": image(seed)})
    shards = {name: place.shard for name, place in find_places(tmp_path, size=SIZE).items()}
    shards["image0"].with_suffix(".json").unlink()
    (tmp_path / ".hilum-tmp-abc").write_bytes(b"half")
    remove_unfinished(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        shards["image1"].name,
        shards["image1"].with_suffix(".json").name,
    }

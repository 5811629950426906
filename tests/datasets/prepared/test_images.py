import pickle
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fill_cache_here
from fabricate_progress import Heard
from fill_cache_here import IMAGE_BYTES, SPEC
from hilum.datasets.own.folder_of_folders import read_folder_of_folders
from hilum.datasets.prepared.image_key import cache_key
from hilum.datasets.prepared.images import fill_cache, open_cache, readable_records
from hilum.datasets.prepared.shards import find_places, open_shard
from hilum.errors import DataError, OutputError
from hilum.geometry import Box
from hilum.imaging.decode import decode
from hilum.imaging.preprocess import CropLungs, Equalise, PreprocessSpec, Resize, apply_steps
from hilum.whole_files import STRAY_PREFIX

SCRIPT = Path(fill_cache_here.__file__)
COUNT = 60


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    draw = np.random.default_rng(0)
    for index in range(COUNT):
        path = folder / ("Ill", "Well")[index % 2] / f"{index}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (50 + index % 3, 60), np.uint8)).save(path)
    return folder


@pytest.fixture
def records(release):
    return read_folder_of_folders(release)


def read(record, spec=SPEC):
    return apply_steps(decode(record.path.read_bytes(), name=record.image).pixels, spec=spec)[0]


def start(release, cache, images_a_shard):
    command = [sys.executable, str(SCRIPT), str(release), str(cache), str(images_a_shard)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize(
    "steps",
    [
        SPEC.steps,
        (Equalise(), Resize(height=16, width=16, rule="letterbox", filter="bicubic")),
        (Resize(height=24, width=20, rule="cover", filter="lanczos"), Equalise(levels=64)),
    ],
)
def test_the_cache_gives_what_reading_sees_to_the_last_bit(records, tmp_path, steps):
    spec = PreprocessSpec(steps=steps, mean=(0.5,), std=(0.5,))
    for _ in ("prepared", "found again"):
        images = open_cache(records, spec=spec, folder=tmp_path, jobs=2)
        assert len(images) == COUNT
        for index, record in enumerate(records):
            assert images[index].dtype == np.float32
            assert images[index].tobytes() == read(record, spec).tobytes()


def test_images_of_the_input_size_are_kept_as_bytes(tmp_path):
    for name in ("A/1.png", "B/2.png"):
        path = tmp_path / "release" / name
        path.parent.mkdir(parents=True)
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 40), np.uint8)).save(path)
    records = read_folder_of_folders(tmp_path / "release")
    images = open_cache(records, spec=SPEC, folder=tmp_path / "cache")
    shards = list((tmp_path / "cache").rglob("*.npy"))
    assert [open_shard(shard).dtype for shard in shards] == [np.uint8]
    assert images[1].tobytes() == read(records[1]).tobytes()


def test_an_image_is_prepared_once_for_all_its_parts_and_copies(records, tmp_path):
    assert fill_cache(records[:20], spec=SPEC, folder=tmp_path).prepared == 20
    again = [*records[:20], replace(records[0], image="copy", source="another")]
    assert fill_cache(again, spec=SPEC, folder=tmp_path).prepared == 0
    assert fill_cache(records[10:30], spec=SPEC, folder=tmp_path).prepared == 10
    images = open_cache([records[29], again[-1]], spec=SPEC, folder=tmp_path)
    assert images[0].tobytes() == read(records[29]).tobytes()
    assert images[1].tobytes() == read(records[0]).tobytes()


def test_a_changed_file_is_prepared_anew_and_one_changed_meanwhile_is_refused(release, tmp_path):
    own = shutil.copytree(release, tmp_path / "release")
    before = read_folder_of_folders(own)
    fill_cache(before, spec=SPEC, folder=tmp_path / "cache")
    Image.fromarray(np.full((50, 60), 99, np.uint8)).save(before[0].path)
    after = read_folder_of_folders(own)
    images = open_cache(after, spec=SPEC, folder=tmp_path / "cache")
    assert images[0].tobytes() == np.full((32, 40), 99 / 255, np.float32).tobytes()
    Image.fromarray(np.full((50, 60), 98, np.uint8)).save(before[0].path)
    with pytest.raises(DataError, match="changed while hilum was running"):
        open_cache(after, spec=SPEC, folder=tmp_path / "another")


def test_a_copy_sent_to_a_worker_carries_no_pixels(records, tmp_path):
    images = open_cache(records, spec=SPEC, folder=tmp_path)
    first = images[0]
    sent = pickle.dumps(images)
    assert len(sent) < COUNT * IMAGE_BYTES / 10
    assert pickle.loads(sent)[0].tobytes() == first.tobytes()


def test_what_training_does_to_an_image_does_not_change_the_cache(records, tmp_path):
    images = open_cache(records, spec=SPEC, folder=tmp_path)
    images[0][:] = 0.0
    assert images[0].tobytes() == read(records[0]).tobytes()


def test_bad_files_are_skipped_or_end_the_run_with_one_line_each(release, tmp_path):
    own = shutil.copytree(release, tmp_path / "release")
    (own / "Ill" / "0.png").write_bytes((own / "Ill" / "2.png").read_bytes()[:300])
    (own / "Well" / "1.png").write_text("no picture")
    records = read_folder_of_folders(own)
    cache = tmp_path / "cache"
    with pytest.raises(DataError) as stopped:
        open_cache(records, spec=SPEC, folder=cache)
    assert str(own / "Ill" / "0.png") in str(stopped.value)
    assert "Copy the file again" in str(stopped.value)
    filled = fill_cache(records, spec=SPEC, folder=cache)
    assert filled.prepared == 0, "the sound ones were kept when the first run ended"
    assert set(filled.bad) == {own / "Ill" / "0.png", own / "Well" / "1.png"}
    assert all("\n" not in line and str(path) in line for path, line in filled.bad.items())
    kept = readable_records(records, spec=SPEC, filled=filled)
    assert [record.image for record in kept] == [r.image for r in records if r.image not in ("Ill/0.png", "Well/1.png")]
    assert len(open_cache(kept, spec=SPEC, folder=cache)) == COUNT - 2


def test_a_release_of_bad_files_alone_is_refused(release, tmp_path):
    records = read_folder_of_folders(release)[:1]
    bad = replace(records[0], path=tmp_path / "absent.png")
    filled = fill_cache([bad], spec=SPEC, folder=tmp_path / "cache")
    with pytest.raises(DataError, match=r"None of the 1 images .* The first: .*absent.png"):
        readable_records([bad], spec=SPEC, filled=filled)


def test_a_specification_without_a_size_is_refused(records, tmp_path):
    with pytest.raises(DataError, match="resize step"):
        fill_cache(records, spec=SPEC.model_copy(update={"steps": (Equalise(),)}), folder=tmp_path)


def test_a_folder_that_cannot_be_made_is_named(records, tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match="name another folder with --cache"):
        fill_cache(records, spec=SPEC, folder=tmp_path / "taken")


def test_too_little_room_is_told_before_anything_is_decoded(records, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=COUNT * IMAGE_BYTES - 1))
    progress = Heard()
    with pytest.raises(OutputError, match=r"0\.0 GB of prepared images are needed"):
        fill_cache(records, spec=SPEC, folder=tmp_path, progress=progress)
    assert progress.counts == {"preparing images": [COUNT, 0]}


def test_a_shard_that_was_cut_short_is_prepared_again(records, tmp_path):
    fill_cache(records, spec=SPEC, folder=tmp_path, shard_bytes=20 * IMAGE_BYTES)
    shard = next(tmp_path.rglob("*.npy"))
    shard.write_bytes(shard.read_bytes()[:-4096])
    images = open_cache(records, spec=SPEC, folder=tmp_path)
    assert all(images[index].tobytes() == read(record).tobytes() for index, record in enumerate(records))


def test_a_cache_removed_while_it_is_used_is_one_line(records, tmp_path):
    images = open_cache(records, spec=SPEC, folder=tmp_path / "cache")
    shutil.rmtree(tmp_path / "cache")
    with pytest.raises(DataError, match="were changed while hilum was running"):
        images[0]


def test_two_processes_that_write_at_once_share_the_work(release, records, tmp_path):
    writers = [start(release, tmp_path, 7) for _ in range(2)]
    outputs = [writer.communicate(timeout=120) for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0], outputs
    prepared = [int(out.split()[-1]) for out, _ in outputs]
    assert sum(prepared) == COUNT
    store = tmp_path / cache_key(SPEC)
    rows = Counter(name for listing in store.glob("*.json") for name in listing.read_text().split('"')[1::2])
    assert set(rows.values()) == {1}
    images = open_cache(records, spec=SPEC, folder=tmp_path)
    assert all(images[index].tobytes() == read(record).tobytes() for index, record in enumerate(records))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("lines", [1, 8, 21, 40])
def test_after_a_kill_the_next_run_goes_on_after_the_last_whole_shard(release, records, tmp_path, lines):
    writer = start(release, tmp_path, 7)
    for _ in range(lines):
        assert writer.stdout.readline() == "image\n"
    writer.send_signal(signal.SIGKILL)
    assert writer.wait(timeout=60) == -signal.SIGKILL
    writer.communicate()
    there = find_places(tmp_path / cache_key(SPEC), size=(32, 40))
    by_hash = {record.sha256: record for record in records}
    for sha256, place in there.items():
        assert open_shard(place.shard)[place.row].tobytes() == read(by_hash[sha256]).tobytes()
    assert len(there) >= (lines - 1) // 7 * 7
    assert fill_cache(records, spec=SPEC, folder=tmp_path).prepared == COUNT - len(there)
    images = open_cache(records, spec=SPEC, folder=tmp_path)
    assert all(images[index].tobytes() == read(record).tobytes() for index, record in enumerate(records))
    if len(there) < COUNT:
        assert not list(tmp_path.rglob(f"{STRAY_PREFIX}*"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_kill_inside_a_write_leaves_nothing_that_is_read(release, records, tmp_path):
    store = tmp_path / cache_key(SPEC)
    writer = start(release, tmp_path, 3)
    while writer.poll() is None and not list(store.glob(f"{STRAY_PREFIX}*")):
        pass
    writer.kill()
    writer.communicate()
    images = open_cache(records, spec=SPEC, folder=tmp_path)
    assert all(images[index].tobytes() == read(record).tobytes() for index, record in enumerate(records))


def test_another_lung_box_is_another_image_where_the_specification_cuts_to_it(records, tmp_path):
    cut = PreprocessSpec(steps=(CropLungs(), *SPEC.steps), mean=SPEC.mean, std=SPEC.std)
    boxes = (None, Box(0.0, 0.0, 30.0, 30.0), Box(10.25, 5.0, 40.0, 30.0))
    boxed = [replace(records[0], lung_box=box) for box in boxes]
    for spec, images in ((cut, 3), (SPEC, 1)):
        assert fill_cache(boxed, spec=spec, folder=tmp_path).prepared == images
        assert fill_cache(boxed, spec=spec, folder=tmp_path).prepared == 0
        opened = open_cache(boxed, spec=spec, folder=tmp_path)
        pixels = decode(records[0].path.read_bytes(), name="x").pixels
        for image, box in zip((opened[i] for i in range(3)), boxes, strict=True):
            assert np.array_equal(image, apply_steps(pixels, spec=spec, lung_box=box)[0])

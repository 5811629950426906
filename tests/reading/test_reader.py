"""The `Reader`: files in, readings out, many at once as one by one, and no file stops another."""

import hashlib
import io
import threading
from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.special import expit

from fabricate_bundle import ToyBundle, ToyNetwork, any_picture_called
from hilum.bundle.card import Scope
from hilum.bundle.load import Bundle
from hilum.errors import BundleError, DecodeError, FileAccessError, HilumError, LimitError, UsageError
from hilum.imaging.pixels.limits import Limits
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.reading_result import Examination, FailedReading, Reading
from hilum.stated import Stated
from hilum.version import __version__

LABELS = ("Edema", "Mass", "Pneumonia")


def png(pixels: np.ndarray) -> bytes:
    """8-bit grey PNG of values in [0, 1]."""
    buffer = io.BytesIO()
    Image.fromarray(np.round(pixels * 255).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def noise(seed: int, *, rows: int = 24, columns: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).random((rows, columns))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    toy = ToyBundle(network=ToyNetwork.random(labels=3), labels=LABELS)
    return toy.write(tmp_path_factory.mktemp("shelf") / "toy")


@pytest.fixture(scope="module")
def reader(bundle: Bundle) -> Reader:
    return Reader(models=[bundle])


@pytest.fixture
def folder(tmp_path: Path) -> list[Path]:
    """Ten sound images of two sizes."""
    paths = []
    for seed in range(10):
        paths.append(tmp_path / f"{seed}.png")
        paths[-1].write_bytes(png(noise(seed, rows=24 + seed % 2)))
    return paths


def alike(one: Examination, other: Examination) -> None:
    """Equal in all but times, with numbers to 1e-6."""
    skip = {"timings_ms", "findings"}
    for part in (field.name for field in fields(Reading) if field.name not in skip):
        assert getattr(one.reading, part) == getattr(other.reading, part), part
    for a, b in zip(one.reading.findings, other.reading.findings, strict=True):
        assert (a.logit, a.probability) == pytest.approx((b.logit, b.probability), abs=1e-6)
        assert replace(a, logit=0.0, probability=0.0, boxes=()) == replace(b, logit=0.0, probability=0.0, boxes=())
        assert [box.as_list() for box in a.boxes] == [box.as_list() for box in b.boxes]
    assert len(one.heatmaps) == len(other.heatmaps)
    for a, b in zip(one.heatmaps, other.heatmaps, strict=True):
        np.testing.assert_allclose(a.grid, b.grid, atol=1e-6)


def test_a_grey_picture_read_by_hand(tmp_path: Path) -> None:
    """153/255 = 0.6 everywhere: logit 8 * 0.6 - 2 = 2.8."""
    bundle = ToyBundle().write(tmp_path / "toy")
    data = png(np.full((24, 32), 0.6))
    path = tmp_path / "chest.png"
    path.write_bytes(data)
    reading = Reader(models=[bundle]).read(path)
    (finding,) = reading.findings
    assert finding.logit == pytest.approx(2.8, abs=1e-5)
    assert finding.probability == pytest.approx(expit(2.8), abs=1e-6)
    assert finding.positive is True
    assert finding.in_scope is None
    assert (reading.source.name, reading.source.format) == (str(path), "PNG")
    assert (reading.source.rows, reading.source.columns) == (24, 32)
    assert reading.source.sha256 == hashlib.sha256(data).hexdigest()
    assert reading.gate.status == "not judged"
    assert reading.gate.accepted is None
    assert [(model.name, model.sha256) for model in reading.models] == [("toy", bundle.sha256)]
    assert reading.hilum_version == __version__
    assert any("it is not known what the picture shows" in warning for warning in reading.warnings)
    assert reading.trail[-1].step == "preprocess"
    assert "toy: resize to 16x16 (stretch, box); normalise (mean 0; std 1)" in reading.trail[-1].detail


def test_times_add_up(reader: Reader) -> None:
    times = reader.read(png(noise(0))).timings_ms
    assert set(times) == {"decode", "preprocess", "gate", "lungs", "network", "explain", "total"}
    assert times["total"] == pytest.approx(sum(value for name, value in times.items() if name != "total"))
    assert times["gate"] == times["lungs"] == 0  # neither is among the models
    assert min(value for name, value in times.items() if name not in ("gate", "lungs")) > 0


def test_a_path_its_text_and_its_bytes_read_alike(reader: Reader, folder: list[Path]) -> None:
    by_path, by_text = reader.examine(folder[0]), reader.examine(str(folder[0]))
    by_bytes = reader.examine(folder[0].read_bytes(), name=str(folder[0]))
    alike(by_path, by_text)
    alike(by_path, by_bytes)
    assert reader.read(folder[0].read_bytes()).source.name == "<bytes>"


@pytest.mark.parametrize("batch_size", [1, 3, 16])
def test_many_read_as_one_by_one(bundle: Bundle, folder: list[Path], batch_size: int) -> None:
    reader = Reader(models=[bundle], settings=ReaderSettings(batch_size=batch_size, heatmaps="all"))
    many = list(reader.examine_many(folder, jobs=3))
    assert [one.reading.source.name for one in many if isinstance(one, Examination)] == [str(path) for path in folder]
    for path, one in zip(folder, many, strict=True):
        assert isinstance(one, Examination)
        alike(one, reader.examine(path))


def test_one_thread_reads_as_many_do(bundle: Bundle, folder: list[Path]) -> None:
    alone = Reader(models=[bundle], settings=ReaderSettings(threads=1))
    for one, other in zip(alone.examine_many(folder), Reader(models=[bundle]).examine_many(folder), strict=True):
        assert isinstance(one, Examination)
        assert isinstance(other, Examination)
        alike(one, other)


def test_bad_files_fail_in_their_place_and_stop_no_other(reader: Reader, folder: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("not a picture")
    (tmp_path / "short.png").write_bytes(folder[0].read_bytes()[:60])
    bad = [tmp_path / "empty.png", tmp_path / "text.png", tmp_path / "short.png", tmp_path / "absent.png"]
    mixed = [bad[0], *folder[:3], bad[1], bad[2], *folder[3:], bad[3]]
    results = list(reader.examine_many(mixed, jobs=2))
    assert len(results) == len(mixed)
    for path, result in zip(mixed, results, strict=True):
        if path not in bad:
            assert isinstance(result, Examination)
            assert result.reading.source.name == str(path)
            continue
        assert isinstance(result, FailedReading)
        assert result.name == str(path)
        assert result.settings_sha256 == reader.settings_sha256
        assert result.kind == ("file" if path == bad[3] else "decode")
        assert result.message
        assert "\n" not in result.message
        assert result.sha256 == (None if path == bad[3] else hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize(("name", "error"), [("text.png", DecodeError), ("absent.png", FileAccessError)])
def test_one_bad_file_alone_raises(reader: Reader, tmp_path: Path, name: str, error: type[HilumError]) -> None:
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(error):
        reader.read(tmp_path / name)


def test_limits_hold_before_decoding(bundle: Bundle) -> None:
    reader = Reader(models=[bundle], settings=ReaderSettings(limits=Limits(max_pixels=100)))
    with pytest.raises(LimitError):
        reader.read(png(noise(0)))


def test_little_memory_reads_the_same(bundle: Bundle, folder: list[Path]) -> None:
    tight = Reader(models=[bundle], settings=ReaderSettings(memory_bytes=1))
    for path, one in zip(folder, tight.examine_many(folder), strict=True):
        assert isinstance(one, Examination)
        alike(one, tight.examine(path))


def test_closing_half_way_stops_the_threads(bundle: Bundle, folder: list[Path]) -> None:
    reader = Reader(models=[bundle], settings=ReaderSettings(batch_size=2))
    list(reader.examine_many(folder * 2))  # the network's own threads start here
    before = threading.active_count()
    running = reader.examine_many(folder * 100, jobs=4)
    assert len(list(islice(running, 3))) == 3
    assert threading.active_count() > before
    running.close()
    assert threading.active_count() == before


def test_ctrl_c_while_files_are_listed_stops_the_threads(bundle: Bundle, folder: list[Path]) -> None:
    def interrupted() -> Iterator[Path]:
        yield from folder[:5]
        raise KeyboardInterrupt

    reader = Reader(models=[bundle], settings=ReaderSettings(batch_size=2))
    list(reader.examine_many(folder * 2))
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        list(reader.examine_many(interrupted(), jobs=2))
    assert threading.active_count() == before


def test_a_file_whose_numbers_overflow_fails_alone(tmp_path: Path) -> None:
    """Bright images give an infinite logit; the dark ones of the same batch are read."""
    bundle = ToyBundle(network=ToyNetwork.brightness(gain=float(np.float32(3e38)), bias=3e38)).write(tmp_path / "toy")
    sources = [png(np.zeros((16, 16))), png(np.ones((16, 16))), png(np.zeros((16, 16)))]
    dark, bright, last = Reader(models=[bundle]).examine_many(sources)
    assert isinstance(dark, Examination)
    assert isinstance(last, Examination)
    assert isinstance(bright, FailedReading)
    assert bright.kind == "engine"
    assert "NaN or infinity" in bright.message
    assert bright.sha256 == hashlib.sha256(sources[1]).hexdigest()


def test_a_hand_model_plugs_in_without_code(bundle: Bundle, tmp_path: Path) -> None:
    hand = ToyBundle(name="hand-toy", labels=("Mass",), scope=any_picture_called("hand")).write(tmp_path / "hand")
    reading = Reader(models=[bundle, hand]).read(png(noise(1)))
    assert [(finding.model, finding.name) for finding in reading.findings] == [
        *(("toy", name) for name in LABELS),
        ("hand-toy", "Mass"),
    ]
    assert [card.name for card in Reader(models=[bundle, hand]).cards] == ["toy", "hand-toy"]
    assert sum("hand-toy may not hold: it is made for hand X-rays" in warning for warning in reading.warnings) == 1


def test_the_settings_hash_follows_models_and_settings(bundle: Bundle, tmp_path: Path) -> None:
    other = ToyBundle(name="other").write(tmp_path / "other")
    digests = {
        Reader(models=[bundle]).settings_sha256,
        Reader(models=[other]).settings_sha256,
        Reader(models=[bundle, other]).settings_sha256,
        Reader(models=[bundle], settings=ReaderSettings(heatmaps="all")).settings_sha256,
    }
    assert len(digests) == 4
    assert Reader(models=[bundle], settings=ReaderSettings(threads=1)).settings_sha256 in digests
    assert Reader(models=[bundle]).read(png(noise(1))).settings_sha256 in digests


def test_no_model_and_twice_the_same_are_refused(bundle: Bundle) -> None:
    for models in ([], [bundle, bundle]):
        with pytest.raises(BundleError, match="at least one model, each with its own name"):
            Reader(models=models)


def test_many_threads_may_share_a_reader(reader: Reader, folder: list[Path]) -> None:
    expected = [reader.examine(path) for path in folder]
    results: dict[int, Examination] = {}

    def read(index: int) -> None:
        results[index] = reader.examine(folder[index])

    threads = [threading.Thread(target=read, args=(index,)) for index in range(len(folder))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, one in enumerate(expected):
        alike(one, results[index])


def test_a_model_may_be_named_as_on_the_shelf() -> None:
    reader = Reader(models=["pneumonia-paediatric"])
    assert [card.name for card in reader.cards] == ["pneumonia-paediatric"]
    assert repr(reader).startswith("Reader(pneumonia-paediatric ")
    with pytest.raises(BundleError, match="no-such-model"):
        Reader(models=["no-such-model"])
    with pytest.raises(UsageError, match="name of an installed one or a loaded bundle, not int"):
        Reader(models=[3])
    with pytest.raises(UsageError, match="models must be a list, not 'xray-gate'"):
        Reader(models="xray-gate")


@pytest.mark.parametrize("source", [{"a": "a.png"}, ["a.png"], 3, None])
def test_what_is_no_source_is_the_users_mistake_and_said_in_one_line(reader: Reader, source: object) -> None:
    with pytest.raises(
        UsageError, match=f"A source must be a path, the bytes of a file, .* not {type(source).__name__}"
    ):
        reader.read(source)
    with pytest.raises(UsageError, match="examine_many"):
        list(reader.examine_many([source]))


def test_each_source_has_its_own_statement_or_all_have_one(tmp_path: Path, folder: list[Path]) -> None:
    scope = Scope(xray_type="chest", age_years=(1.0, 5.0), views=None, unknown_tolerated=("type",))
    reader = Reader(models=[ToyBundle(scope=scope).write(tmp_path / "children")])
    data = folder[2].read_bytes()
    stated = {folder[0]: Stated(age_years=3.0), data: Stated(age_years=4.0), folder[1]: Stated(age_years=40.0)}
    sources = [folder[0], folder[1], data, folder[3]]
    results = [one for one in reader.examine_many(sources, stated=stated) if isinstance(one, Examination)]
    assert [one.reading.stated.age_years for one in results] == [3.0, 40.0, 4.0, None]
    assert [one.reading.findings[0].positive is None for one in results] == [False, True, False, True]
    for one in reader.examine_many(sources, stated=Stated(age_years=3.0)):
        assert isinstance(one, Examination)
        assert one.reading.findings[0].positive is not None
    assert reader.read(folder[0], stated=Stated(age_years=3.0)).findings[0].positive is not None
    assert reader.read(folder[0]).findings[0].not_decided is not None

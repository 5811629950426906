"""Quantised toys: accepted and read in 8 bits, or refused with the table; never on a processor without VNNI."""

import csv
import io
import sys
from pathlib import Path

import numpy as np
import pytest

from fabricate_gate import write_gate
from fabricate_quantised import Trained, coarse_network, fabricate_trained
from hilum.bundle.load import Bundle, load_bundle
from hilum.bundle.quantised import INT8_CHECK, INT8_FILES
from hilum.bundle.save import file_hashes, write_bundle
from hilum.errors import BundleError, EngineError, MissingPartError
from hilum.evaluation.calibrating.calibrate import CalibrationSettings, calibrate
from hilum.evaluation.quantising.quantise import QuantiseResult, QuantiseSettings, quantise
from hilum.evaluation.quantising.table import COLUMNS, table_bytes
from hilum.reading.engines import openvino_engine
from hilum.reading.engines.choose import choose_engine
from hilum.reading.engines.graph_of import int8_check, int8_check_bytes
from hilum.reading.engines.processor import Processor, this_processor
from hilum.reading.engines.self_test import largest_difference
from hilum.reading.engines.trial import try_engine
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.stated import Stated

pytest.importorskip("nncf", reason="the optional part quantise is not installed")
needs_int8 = pytest.mark.skipif(
    not this_processor().has_int8, reason="this processor has no 8-bit dot products, and nothing in 8 bits runs on it"
)
ADULT = Stated(age_years=50.0, view="PA", xray_type="chest")
OLD = Processor("old", frozenset({"avx2"}))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return fabricate_trained(tmp_path_factory.mktemp("trained"))


@pytest.fixture(scope="module")
def done(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> QuantiseResult:
    folder = tmp_path_factory.mktemp("models") / "int8"
    settings = QuantiseSettings(images=40, command="hilum quantise toy")
    return quantise(trained.bundle, records=trained.records, folder=folder, settings=settings)


@pytest.fixture
def int8(done: QuantiseResult) -> Bundle:
    assert done.bundle is not None
    return done.bundle


@needs_int8
def test_the_card_says_how_it_was_made_and_what_it_costs(trained: Trained, done: QuantiseResult, int8: Bundle) -> None:
    card, part = int8.card, int8.card.quantised
    assert part is not None
    assert (card.name, card.version) == ("toy-int8", "1.0.0+int8")
    assert int8 == load_bundle(int8.folder)
    assert int8.read("model.onnx") == trained.bundle.read("model.onnx"), "float32 stays what it was"
    assert (part.from_name, part.from_version, part.from_sha256) == ("toy", "1.0.0", trained.bundle.sha256)
    assert set(part.versions) == {"nncf", "openvino", "onnxruntime"}
    assert set(part.cpu_flags) == this_processor().flags
    assert part.method == "quantize"
    assert [one.overflow_fix for one in part.tried] == ["disable", "enable"]
    assert len(part.calibration) == 40
    assert set(part.calibration) <= {record.sha256 for record in trained.train}
    assert part.validation_images == done.validation == 60
    assert [label.name for label in part.labels] == ["Effusion", "Nodule"]
    assert part.maps is not None
    assert part.maps.median_correlation > 0.95
    taken = next(way for way in done.ways if way.overflow_fix == part.overflow_fix)
    assert taken.forms is not None
    assert taken.forms.labels == part.labels


@needs_int8
def test_it_reads_in_8_bits_and_still_in_float32(trained: Trained, int8: Bundle) -> None:
    before = Reader(models=[trained.bundle])
    same = Reader(models=[int8])
    whole = Reader(models=[int8], settings=ReaderSettings(engine="openvino-int8"))
    differ = []
    for record in trained.other[:20]:
        first, second, third = (reader.read(record.path, stated=ADULT).findings[0] for reader in (before, same, whole))
        assert second.logit == first.logit
        differ.append(abs(third.logit - first.logit))
    assert 0 < max(differ) < 0.2


@needs_int8
def test_a_batch_reads_as_its_images_do_alone(trained: Trained, int8: Bundle) -> None:
    """OpenVINO with several streams once computed wrong logits without a word."""
    reader = Reader(models=[int8], settings=ReaderSettings(engine="openvino-int8", threads=2))
    paths = [record.path for record in trained.other]
    together = [outcome.reading.findings[0].logit for outcome in reader.examine_many(paths, stated=ADULT)]
    alone = [reader.read(path, stated=ADULT).findings[0].logit for path in paths]
    np.testing.assert_allclose(together, alone, atol=1e-5)


@needs_int8
def test_it_passes_its_self_test_and_an_altered_answer_fails_it(int8: Bundle, tmp_path: Path) -> None:
    passed = try_engine("openvino-int8", bundles=[int8], threads=1)
    assert passed.problem is None
    assert passed.images_per_s is not None
    wrong = {name: values + 1 for name, values in int8_check(int8).items()}
    files = {name: int8.read(name) for name in int8.card.files} | {INT8_CHECK: int8_check_bytes(wrong)}
    other = write_bundle(tmp_path / "wrong", card=int8.card.changed({"files": file_hashes(files)}), files=files)
    failed = try_engine("openvino-int8", bundles=[other], threads=1)
    assert (failed.problem or "").startswith("failed its self-test: off by ")
    choice = choose_engine([other], threads=1, cache=None)
    assert choice.engine != "openvino-int8"


@needs_int8
def test_no_int8_on_a_processor_without_it(
    trained: Trained, int8: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_engine, "this_processor", lambda: OLD)
    found = try_engine("openvino-int8", bundles=[int8], threads=1)
    assert "this processor has no 8-bit dot products" in (found.problem or "")
    choice = choose_engine([int8], threads=1, cache=None)
    assert choice.engine not in ("openvino-int8", "openvino-bf16")
    with pytest.raises(EngineError, match="no 8-bit dot products"):
        Reader(models=[int8], settings=ReaderSettings(engine="openvino-int8"))
    with pytest.raises(EngineError, match="no 8-bit dot products"):
        quantise(trained.bundle, records=trained.records, folder=tmp_path / "none")
    assert Reader(models=[int8]).read(trained.other[0].path, stated=ADULT).findings, "float32 is still there"
    assert largest_difference(int8, engine=openvino_engine.OpenVinoEngine()) < 1e-3


@needs_int8
def test_a_network_that_8_bits_harm_is_refused_with_the_table(tmp_path: Path) -> None:
    harmed = fabricate_trained(tmp_path / "coarse", network=coarse_network())
    settings = QuantiseSettings(images=40)
    done = quantise(harmed.bundle, records=harmed.records, folder=tmp_path / "none", settings=settings)
    assert done.bundle is None
    assert not (tmp_path / "none").exists()
    assert all(any("AUROC falls by" in reason for reason in way.refused) for way in done.ways)
    rows = list(csv.DictReader(io.StringIO(table_bytes(done.ways).decode())))
    assert list(rows[0]) == list(COLUMNS)
    assert [(row["overflow_fix"], row["accepted"], row["name"]) for row in rows] == [
        (way, "no", label) for way in ("disable", "enable") for label in ("Effusion", "Nodule")
    ]
    assert float(rows[0]["auroc_after"]) < float(rows[0]["auroc_before"]) - 0.002


@needs_int8
def test_a_densenet_is_quantised_under_control(tmp_path: Path) -> None:
    dense = fabricate_trained(tmp_path / "dense", architecture="densenet121")
    done = quantise(dense.bundle, records=dense.records, folder=tmp_path / "int8", settings=QuantiseSettings(images=20))
    assert done.method == "quantize_with_accuracy_control"
    assert done.bundle is not None
    assert done.bundle.card.quantised is not None
    assert done.bundle.card.quantised.method == "quantize_with_accuracy_control"


@needs_int8
def test_new_operating_points_leave_the_form_in_8_bits_out(trained: Trained, int8: Bundle, tmp_path: Path) -> None:
    settings = CalibrationSettings(called="ours", gate=False)
    card = calibrate(int8, records=trained.other, folder=tmp_path / "ours", settings=settings).bundle.card
    assert card.quantised is None
    assert not set(INT8_FILES) & set(card.files)


def test_a_bundle_without_such_a_form_says_how_to_make_one(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    vnni = Processor("new", frozenset({"avx512_vnni"}))
    monkeypatch.setattr(openvino_engine, "this_processor", lambda: vnni)
    with pytest.raises(EngineError, match=r"No int8 form in toy\. Make one with `hilum quantise`"):
        Reader(models=[trained.bundle], settings=ReaderSettings(engine="openvino-int8"))
    assert "No int8 form" in (try_engine("openvino-int8", bundles=[trained.bundle], threads=1).problem or "")


@needs_int8
def test_what_cannot_be_quantised_is_refused_before_anything_is_read(trained: Trained, tmp_path: Path) -> None:
    gate = write_gate(tmp_path / "gate", xray_type="chest")
    with pytest.raises(BundleError, match="is of kind gate, and only these can be quantised: classifier"):
        quantise(gate, records=trained.records, folder=tmp_path / "none")
    with pytest.raises(BundleError, match="exists already"):
        quantise(trained.bundle, records=trained.records, folder=trained.bundle.folder)


def test_a_missing_part_says_how_to_install_it(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(MissingPartError, match=r'the package nncf, .*; run: pip install "hilum\[quantise\]"'):
        quantise(trained.bundle, records=trained.records, folder=tmp_path / "none")

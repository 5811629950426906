"""A model that averages inside the lungs is calibrated as any other: its card keeps the lungs that it brings."""

from dataclasses import replace

from fabricate_chest_table import fabricate_chest_table
from fabricate_lung_pooled import write_lung_pooled
from hilum.datasets.own.own_table import read_own_table
from hilum.evaluation.calibrating.calibrate import CalibrationSettings, calibrate
from hilum.reading.reader import Reader


def test_it_is_calibrated_with_the_lungs_that_it_brings(tmp_path):
    bundle = write_lung_pooled(tmp_path / "toy", label="Effusion")
    read = read_own_table(fabricate_chest_table(tmp_path / "data", patients=64))
    records = [replace(record, official=None) for record in read]
    settings = CalibrationSettings(called="elsewhere", by="nobody", outside_scope=True, gate=False)
    made = calibrate(bundle, records=records, folder=tmp_path / "ours", settings=settings).bundle
    assert made.card.pooling == bundle.card.pooling
    assert made.read("lungs.onnx") == bundle.read("lungs.onnx")
    assert made.card.labels[0].results[0].auroc > 0.8, "an effusion is bright, inside the lungs too"
    for record in records[:4]:
        before, after = (Reader(models=[one]).read(record.path) for one in (bundle, made))
        assert after.findings[0].logit == before.findings[0].logit
        assert after.findings[0].probability != before.findings[0].probability
        assert after.lung_averages[0].inside

"""The arms that see, average or attend to lungs, end to end on pictures whose lungs can be drawn."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fabricate_dark_lungs import LEFT, RIGHT, chest
from fabricate_lungs import write_lung_bundle
from hilum.datasets.releases.kermany import read_kermany
from hilum.evaluation.predictions.predictions_file import read_predictions
from hilum.systems.pneumonia.shift.lungs import drawn_lungs
from hilum.systems.pneumonia.shift.run_study import ShiftOptions, study_shift
from hilum.training.records.request import StudyRequest

ARMS = ("crop", "lungs-fine", "lungs-attention")
SIDE = 96


def fabricate_release(folder: Path, *, train: int = 40, other: int = 3) -> Path:
    """The release's folders and names, with dark lungs in every picture; the ill ones have a spot in one lung."""
    draw = np.random.default_rng(0)
    for official, patients in (("train", train), ("val", other), ("test", other)):
        for number in range(1, patients + 1):
            ill = f"PNEUMONIA/person{number}_{('virus', 'bacteria')[number % 2]}_{number}.jpeg"
            for name in (ill, f"NORMAL/IM-{number:04d}-0001.jpeg"):
                picture = chest(RIGHT, LEFT).astype(np.float64)
                if name == ill:
                    row = int(draw.integers(90, 150))
                    picture[row : row + 24, 36:60] = 60
                picture += draw.normal(0, 4, picture.shape)
                path = folder / official / name
                path.parent.mkdir(parents=True, exist_ok=True)
                small = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).resize((SIDE, SIDE))
                small.save(path, "JPEG", quality=95)
    return folder


@pytest.mark.slow
def test_arms_that_need_lungs_are_trained_and_read_with_them(tmp_path: Path) -> None:
    lungs = write_lung_bundle(tmp_path / "lungs")
    request = StudyRequest(
        name="pneumonia-shift",
        data=(("kermany", fabricate_release(tmp_path / "chest_xray")),),
        out=tmp_path / "out",
        weights="random",
        smoke=True,
        cache=tmp_path / "cache",
    )
    study_shift(request=request, own=ShiftOptions(arms=",".join(ARMS), lungs=str(tmp_path / "lungs")))
    found = json.loads((request.out / "study.json").read_text())
    assert set(found["arms"]) == set(ARMS)
    assert found["lungs_sha256"] == lungs.sha256
    records = read_kermany(tmp_path / "chest_xray")
    trusted = drawn_lungs(records, bundle=lungs, memory=request.cache)
    assert set(trusted) == {record.sha256 for record in records}
    for name in ("shifted", "plain"):
        for arm in ARMS:
            predictions = read_predictions(request.out / "predictions" / f"{arm}-{name}.parquet")
            assert predictions.n == found["sections"][name]["n"]
            assert np.isfinite(predictions.scores).all()
    for arm in ARMS:
        with np.load(request.out / arm / "readings.npz") as kept:
            inside = np.concatenate([kept[name] for name in kept.files if "inside" in name])
        known = inside[~np.isnan(inside)]  # none where so short a training leaves no map with a positive cell
        assert ((known >= 0.0) & (known <= 1.0)).all()
    settings = {arm: json.loads((request.out / arm / "run.json").read_text())["settings"] for arm in ARMS}
    assert settings["crop"]["arm.stages.train.crop_lungs"] is True
    assert settings["lungs-attention"]["arm.lung_guidance.by"] == "attention"
    assert any(key.startswith("arm.lung_pooling.") for key in settings["lungs-fine"])
    assert "14 x 14 cells, a second head attends to the lungs" in (request.out / "study.html").read_text()

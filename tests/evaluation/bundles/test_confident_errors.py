import io

import numpy as np
import pytest
from PIL import Image

from fabricate_run import LABELS, fabricate_run
from hilum.bundle.load import load_bundle
from hilum.evaluation.bundles.confident_errors import ALARM, MISS, confident_errors, draw_errors
from hilum.evaluation.bundles.part import part_of_run
from hilum.evaluation.bundles.predict import predict_part
from hilum.evaluation.bundles.run_folder import load_run
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.judging.operating_points import with_bundle_points
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings
from hilum.report.overlay import overlay_png
from hilum.stated import Stated


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    run = fabricate_run(folder, patients=40)
    bundle = load_bundle(run.run / "bundle")
    part = part_of_run(load_run(run.run), records=run.records, name="test", labels=LABELS)
    predictions = predict_part(part, bundle=bundle, folder=folder, progress=lambda done, count: None).predictions
    judgement = with_bundle_points(
        judge(predictions, replicates=100), predictions=predictions, card=bundle.card, validation={}, prevalence=None
    )
    return part, bundle, predictions, judgement


def test_the_most_confident_errors_come_first(made):
    _, _, predictions, judgement = made
    mistakes = confident_errors(predictions, judgement=judgement, pictures=1000)
    for column, label in enumerate(LABELS):
        truth, scores = predictions.truth[:, column], predictions.scores[:, column]
        alarms = [one.probability for one in mistakes if (one.label, one.kind) == (label, ALARM)]
        expected = sorted(scores[(truth == 0) & (scores >= 0.5)], reverse=True)[:6]
        assert alarms == expected
        misses = [one.probability for one in mistakes if (one.label, one.kind) == (label, MISS)]
        assert misses == sorted(scores[(truth == 1) & (scores < 0.5)])[:6]
    assert len({one.kind for one in mistakes}) == 2


def test_few_pictures_still_hold_one_of_a_kind(made):
    _, _, predictions, judgement = made
    mistakes = confident_errors(predictions, judgement=judgement, pictures=1)
    kinds = [(one.label, one.kind) for one in mistakes]
    assert len(kinds) == len(set(kinds)) > len(LABELS)


def test_without_points_there_are_no_errors(made):
    _, _, predictions, _ = made
    assert confident_errors(predictions, judgement=judge(predictions, replicates=100)) == ()


def test_pictures_are_the_packages_own_overlay(made):
    part, bundle, predictions, judgement = made
    mistakes = confident_errors(predictions, judgement=judgement, pictures=8)
    drawn = draw_errors(mistakes, predictions=predictions, part=part, bundle=bundle)
    assert [(one.label, one.kind, one.probability) for one in drawn] == [
        (one.label, one.kind, one.probability) for one in mistakes
    ]
    for one in drawn:
        plain, overlay = (Image.open(io.BytesIO(png)) for png in (one.plain, one.overlay))
        assert plain.size == overlay.size == (160, 130)
    # a miss has its heatmap too, and it is that of its own label: the picture differs from the radiograph
    strongest = next(one for one in drawn if one.label == "No Finding")
    grey = np.asarray(Image.open(io.BytesIO(strongest.plain)).convert("RGB")).astype(int)
    assert np.abs(np.asarray(Image.open(io.BytesIO(strongest.overlay))).astype(int) - grey).max() > 30


def test_the_whole_overlay_of_a_one_label_bundle_is_that_of_a_reading(tmp_path):
    run = fabricate_run(tmp_path, patients=20, labels=("Effusion",))
    bundle = load_bundle(run.run / "bundle")
    part = part_of_run(load_run(run.run), records=run.records, name="test", labels=("Effusion",))
    predictions = predict_part(part, bundle=bundle, folder=tmp_path, progress=lambda done, count: None).predictions
    judgement = with_bundle_points(
        judge(predictions, replicates=100), predictions=predictions, card=bundle.card, validation={}, prevalence=None
    )
    first = draw_errors(
        confident_errors(predictions, judgement=judgement)[:1], predictions=predictions, part=part, bundle=bundle
    )[0]
    path = next(record.path for record in part.records if record.image == first.image)
    reader = Reader(models=[bundle], settings=ReaderSettings(heatmaps="all"))
    expected = overlay_png(reader.examine(path, name=first.image, stated=Stated(assume_scope=True)), every_heatmap=True)
    assert first.whole == expected


def test_an_image_that_is_gone_is_left_out(made, tmp_path):
    from dataclasses import replace

    part, bundle, predictions, judgement = made
    mistakes = confident_errors(predictions, judgement=judgement, pictures=1)
    gone = replace(part, records=tuple(replace(r, path=tmp_path / "gone.png") for r in part.records))
    assert draw_errors(mistakes, predictions=predictions, part=gone, bundle=bundle) == ()

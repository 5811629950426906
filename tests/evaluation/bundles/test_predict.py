from dataclasses import replace

import numpy as np
import pytest

from fabricate_dicom import dicom_bytes
from fabricate_run import LABELS, fabricate_run
from hilum.bundle.card import Scope
from hilum.bundle.load import load_bundle
from hilum.errors import DataError
from hilum.evaluation.bundles.journal import JOURNAL_NAME
from hilum.evaluation.bundles.part import part_of_run
from hilum.evaluation.bundles.predict import image_names, predict_part
from hilum.evaluation.bundles.run_folder import load_run
from hilum.evaluation.report.subject import Exclusion
from hilum.reading.reader import Reader


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return fabricate_run(tmp_path_factory.mktemp("run"), patients=10)


@pytest.fixture(scope="module")
def bundle(made):
    return load_bundle(made.run / "bundle")


@pytest.fixture
def part(made):
    return part_of_run(load_run(made.run), records=made.records, name="test", labels=LABELS)


def quiet(done, count):
    assert 0 <= done <= count


def test_scores_are_the_readers_probabilities_and_truths_the_records(part, bundle, tmp_path):
    p = predict_part(part, bundle=bundle, folder=tmp_path, progress=quiet).predictions
    assert p.labels == LABELS
    assert p.image == tuple(record.image for record in part.records)
    reader = Reader(models=[bundle])
    for row, record in enumerate(part.records):
        findings = reader.read(record.path).findings
        np.testing.assert_array_equal(p.scores[row], [finding.probability for finding in findings])
        np.testing.assert_array_equal(p.truth[row], [record.labels[label] for label in LABELS])
    assert p.patient == tuple(record.patient for record in part.records)
    assert set(p.split) == {"test"}
    assert p.sex == tuple(record.sex for record in part.records)
    assert p.view == tuple(record.view for record in part.records)
    np.testing.assert_array_equal(p.age_years, [record.age_years for record in part.records])


def test_what_was_read_is_not_read_again(part, bundle, tmp_path, monkeypatch):
    first = predict_part(part, bundle=bundle, folder=tmp_path, progress=quiet).predictions
    lines = (tmp_path / JOURNAL_NAME).read_bytes().splitlines(keepends=True)
    (tmp_path / JOURNAL_NAME).write_bytes(b"".join(lines[:3]) + lines[3][:10])  # killed in the third image
    asked = []
    examine = Reader.examine_many
    monkeypatch.setattr(
        Reader,
        "examine_many",
        lambda self, sources, **said: examine(self, [asked.append(s) or s for s in sources], **said),
    )
    again = predict_part(part, bundle=bundle, folder=tmp_path, progress=quiet).predictions
    assert asked == [record.path for record in part.records[2:]]
    np.testing.assert_array_equal(again.scores, first.scores)
    assert again.image == first.image


def test_a_file_that_changed_since_is_read_again(part, bundle, tmp_path):
    predict_part(part, bundle=bundle, folder=tmp_path, progress=quiet)
    other = replace(part, records=(replace(part.records[0], sha256="f" * 64), *part.records[1:]))
    seen = []
    predict_part(other, bundle=bundle, folder=tmp_path, progress=lambda done, count: seen.append(done))
    assert seen == [len(part.records) - 1, len(part.records)]


def test_corrupt_missing_and_unlabelled_images_are_listed(part, bundle, tmp_path):
    torn = tmp_path / "torn.png"
    torn.write_bytes(b"torn")
    nothing_known = dict.fromkeys(LABELS, float("nan"))
    first, second, third, *rest = part.records
    changed = (
        replace(first, path=torn), replace(second, path=tmp_path / "gone.png"), replace(third, labels=nothing_known),
        *rest, rest[-1],
    )  # fmt: skip
    found = predict_part(replace(part, records=changed), bundle=bundle, folder=tmp_path, progress=quiet)
    assert found.predictions.image == tuple(record.image for record in rest)
    reasons = {(one.image, one.reason) for one in found.exclusions}
    assert reasons == {
        (first.image, "could not be read"),
        (second.image, "could not be read"),
        (third.image, "no label of the model is known"),
        (rest[-1].image, "another image has its name"),
    }
    details = " ".join(one.detail for one in found.exclusions)
    assert "decode: " in details
    assert "file: " in details
    assert str(tmp_path) not in details  # the table may leave this machine


def test_images_that_were_left_out_before_are_listed_too(part, bundle, tmp_path):
    twice = Exclusion("own:a.png", "the same picture stands elsewhere in the data", "nih b.png is the same file")
    found = predict_part(replace(part, left_out=(twice,)), bundle=bundle, folder=tmp_path, progress=quiet)
    assert found.exclusions == (twice,)
    assert found.predictions.n == len(part.records)


def test_where_nothing_can_be_read_it_says_so(part, bundle, tmp_path):
    gone = replace(part, records=tuple(replace(r, path=tmp_path / "gone.png") for r in part.records))
    with pytest.raises(DataError, match=r"None of the images .* could be read"):
        predict_part(gone, bundle=bundle, folder=tmp_path, progress=quiet)


def test_images_of_two_releases_are_told_apart(part):
    both = [part.records[0], replace(part.records[0], source="other")]
    assert image_names(both) == [f"table:{both[0].image}", f"other:{both[0].image}"]
    assert image_names(both[:1]) == [both[0].image]


def test_images_outside_the_scope_are_judged_and_counted(part, bundle, tmp_path):
    children = Scope(xray_type="chest", age_years=(0.0, 5.0), views=None)
    narrow = replace(bundle, card=bundle.card.model_copy(update={"scope": children}))
    adult = tmp_path / "adult.dcm"
    adult.write_bytes(dicom_bytes(np.full((32, 32), 900, np.uint16), bits=12, PatientAge="040Y"))
    changed = replace(part, records=(replace(part.records[0], path=adult), *part.records[1:]))
    found = predict_part(changed, bundle=narrow, folder=tmp_path, progress=quiet)
    assert found.out_of_scope == 1  # of the others, PNG files, the age is not known
    assert found.predictions.n == len(part.records)


def test_a_column_that_says_nothing_is_left_out(part, bundle, tmp_path):
    untold = tuple(replace(r, sex="unknown", view="unknown", age_years=None) for r in part.records)
    p = predict_part(replace(part, records=untold), bundle=bundle, folder=tmp_path, progress=quiet).predictions
    assert (p.age_years, p.sex, p.view) == (None, None, None)
    one_known = (replace(untold[0], view="PA"), *untold[1:])
    (tmp_path / "other").mkdir()
    p = predict_part(replace(part, records=one_known), bundle=bundle, folder=tmp_path / "other", progress=quiet)
    assert p.predictions.view == ("PA", *[None] * (len(untold) - 1))

from dataclasses import replace

import pytest
from scipy.stats import binomtest

from fabricate_bundle import ToyBundle
from fabricate_kermany import fabricate_kermany
from fabricate_releases import fabricate_chexpert, fabricate_class_folders
from fabricate_run import LABELS, fabricate_run
from hilum.bundle.label import LabelResult
from hilum.datasets.own.folder_of_folders import read_folder_of_folders
from hilum.datasets.releases.chexpert import read_chexpert
from hilum.datasets.releases.kermany import read_kermany
from hilum.datasets.splits.mixed import mix_releases
from hilum.datasets.splits.split import Split
from hilum.errors import DataError, UsageError
from hilum.evaluation.bundles.part import check_labels, known_truth, official_part, part_of_run
from hilum.evaluation.bundles.run_folder import load_run


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return fabricate_run(tmp_path_factory.mktemp("run"), patients=10)


def test_a_part_of_the_run_with_its_protocol_and_validation_counts(made):
    part = part_of_run(load_run(made.run), records=made.records, name="test", labels=LABELS)
    assert {record.patient for record in part.records} == {"table:p004", "table:p009"}
    assert part.is_test
    assert part.cautions == ()
    assert part.protocol == "made-up patients, by patient; judged: test"
    calibration = [r for r in made.records if r.patient in ("table:p003", "table:p008")]
    truths = [r.labels["Effusion"] for r in calibration if r.labels["Effusion"] in (0, 1)]
    assert (part.validation["Effusion"].n, part.validation["Effusion"].positives) == (len(truths), sum(truths))


def test_a_validation_part_is_no_look_at_a_test(made):
    part = part_of_run(load_run(made.run), records=made.records, name="calibration", labels=LABELS)
    assert not part.is_test
    assert part.validation == {}  # there is no other part that was not trained on
    assert "flatter" in part.cautions[0]


@pytest.mark.parametrize("official", ["Official_Test", "hold-out"])
def test_a_run_that_was_fitted_on_held_out_images_is_refused_whatever_they_are_called(made, official):
    records = tuple(replace(r, official=official) for r in made.records)
    with pytest.raises(DataError, match="belongs into the part test alone"):
        part_of_run(load_run(made.run), records=records, name="calibration", labels=LABELS)


@pytest.mark.parametrize("official", ["TEST", "official_test", "hold-out", "External validation", "blind", "eval"])
def test_an_official_part_is_a_look_whatever_it_is_called_and_in_any_case(made, tmp_path, official):
    bundle = ToyBundle(labels=LABELS).write(tmp_path / "toy")
    records = [replace(r, official=official if r.official == "test" else r.official) for r in made.records]
    part = official_part(records, bundle=bundle, name=official.swapcase())
    assert part.is_test
    assert part.cautions == ()


def test_every_image_together_is_cautioned_unless_all_are_held_out(tmp_path):
    """One test image among thousands made the whole a test without a caution."""
    records = read_kermany(fabricate_kermany(tmp_path / "kermany", train=2, test=3))
    bundle = ToyBundle().write(tmp_path / "toy")
    part = official_part(records, bundle=bundle, name="all")
    not_held_out = sum(record.official != "test" for record in records)
    assert part.is_test
    assert f"Of these {len(records)} images {not_held_out} are not held out" in part.cautions[0]
    only = [record for record in records if record.official == "test"]
    assert official_part(only, bundle=bundle, name="all").cautions == ()


def test_the_parts_that_can_be_asked_for_say_which_are_held_out(tmp_path):
    records = read_chexpert(fabricate_chexpert(tmp_path / "chexpert"))
    bundle = ToyBundle().write(tmp_path / "toy")
    with pytest.raises(UsageError, match=r"no official part 'test'\. Available: train, valid \(held out\)"):
        official_part(records, bundle=bundle, name="test")
    part = official_part(records, bundle=bundle, name="valid")
    assert part.is_test
    assert part.cautions == ()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("train", "the network was fitted on it"),
        ("nowhere", "no split 'nowhere' to evaluate. Available: calibration, test"),
    ],
)
def test_a_part_that_cannot_be_judged_is_refused(made, name, said):
    with pytest.raises(UsageError, match=said):
        part_of_run(load_run(made.run), records=made.records, name=name, labels=LABELS)


def test_a_smoke_run_says_so_in_its_protocol(tmp_path):
    made = fabricate_run(tmp_path, patients=5, smoke=True)
    part = part_of_run(load_run(made.run), records=made.records, name="calibration", labels=LABELS)
    assert part.protocol.startswith("SMOKE made-up")


def test_an_official_part_of_a_release(tmp_path):
    records = read_kermany(fabricate_kermany(tmp_path / "kermany", train=2, test=3))
    bundle = ToyBundle().write(tmp_path / "toy")
    part = official_part(records, bundle=bundle, name="test")
    assert (len(part.records), part.is_test, part.protocol) == (6, True, "official part test of kermany")
    assert part.split_sha256 == Split({"test": part.records}, "any").sha256  # as the ledger's earlier looks have it
    val = official_part(records, bundle=bundle, name="val")
    assert not val.is_test
    assert "may flatter" in val.cautions[0]
    assert part.cautions == ()
    with pytest.raises(UsageError, match=r"no official part 'dev'. Available: test, train, val"):
        official_part(records, bundle=bundle, name="dev")


def test_what_mixing_left_out_is_told_of_the_part_that_it_would_have_been_in(made, tmp_path):
    kermany = read_kermany(fabricate_kermany(tmp_path / "kermany", train=2, test=3))
    copies = [replace(record, source="own") for record in (kermany[0], kermany[-1])]
    assert [copy.official for copy in copies] == ["train", "test"]
    mixed = mix_releases([*kermany, *copies])
    bundle = ToyBundle().write(tmp_path / "toy")
    asked = [
        official_part(mixed.records, bundle=bundle, name=name, left_out=mixed.left_out) for name in ("test", "all")
    ]
    names = [[one.image for one in part.left_out] for part in asked]
    assert names == [[f"own:{copies[1].image}"], [f"own:{copy.image}" for copy in copies]]
    assert {one.reason for one in asked[1].left_out} == {"the same picture stands elsewhere in the data"}
    part = part_of_run(load_run(made.run), records=made.records, name="test", labels=LABELS, left_out=mixed.left_out)
    assert len(part.left_out) == 2


def test_every_image_of_data_without_parts(tmp_path):
    records = read_folder_of_folders(fabricate_class_folders(tmp_path / "folder"))
    bundle = ToyBundle().write(tmp_path / "toy")
    part = official_part(records, bundle=bundle, name="all")
    assert (len(part.records), part.is_test, part.protocol) == (4, False, "all images of folder")
    with pytest.raises(UsageError, match=r"no official part 'test'.*'all' takes every image"):
        official_part(records, bundle=bundle, name="test")
    both = [*records, *read_kermany(fabricate_kermany(tmp_path / "kermany", train=1, test=1))]
    assert official_part(both, bundle=bundle, name="all").is_test  # official test images are among them


def test_the_card_says_how_common_a_label_was_in_validation(tmp_path):
    bundle = ToyBundle().write(tmp_path / "toy")
    result = LabelResult(
        set="validation", n=50, positives=20, auroc=0.8, auroc_ci=(0.7, 0.9), sensitivity=0.8,
        sensitivity_ci=(0.7, 0.9), specificity=0.8, specificity_ci=(0.7, 0.9),
    )  # fmt: skip
    label = bundle.card.labels[0].model_copy(update={"results": (result,)})
    known = replace(bundle, card=bundle.card.model_copy(update={"labels": (label,)}))
    records = read_kermany(fabricate_kermany(tmp_path / "kermany", train=1, test=1))
    there = official_part(records, bundle=known, name="test").validation["Pneumonia"]
    assert (there.n, there.positives) == (50, 20)
    interval = binomtest(20, 50).proportion_ci(method="wilson")
    assert there.share.interval == pytest.approx((interval.low, interval.high))  # a card counts images, not patients


def test_a_run_says_how_common_a_label_was_in_validation_with_an_interval_by_patient(made):
    part = part_of_run(load_run(made.run), records=made.records, name="test", labels=LABELS)
    there = part.validation["Effusion"]
    assert there.share.value == pytest.approx(there.positives / there.n)
    assert there.share.n == there.n
    assert there.share.groups < there.n  # its patients have several images
    assert there.share.interval[0] < there.share.value


def test_labels_that_model_and_data_do_not_share_are_refused(made):
    part = part_of_run(load_run(made.run), records=made.records, name="test", labels=LABELS)
    check_labels(part, labels=("Effusion", "Mass"))
    with pytest.raises(
        DataError, match="known truth for Mass; labels found: Atelectasis, Effusion, Hernia, No Finding"
    ):
        check_labels(part, labels=("Mass",))


def test_an_uncertain_truth_is_not_known(made):
    record = replace(made.records[0], labels={"a": 1.0, "b": 0.0, "c": float("nan"), "d": 0.5})
    assert [known_truth(record, label=name) for name in "abcde"] == [1.0, 0.0, None, None, None]

from dataclasses import replace

import numpy as np
import pytest

from fabricate_kermany import fabricate_kermany
from fabricate_recipe import fabricate_labelled_table, tiny_recipe, tiny_stage
from hilum.datasets.own.own_table import read_own_table
from hilum.datasets.releases.chexpert import ChexpertPolicy
from hilum.datasets.releases.kermany import read_kermany
from hilum.datasets.splits.split import Split
from hilum.errors import DataError, UsageError
from hilum.evaluation.judging.sharpness import sharpness_of
from hilum.training.data.make_split import make_split, make_splits, with_left_out
from hilum.training.recipe.recipe import FromStage, SoftestWithout, SplitSpec


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return read_own_table(fabricate_labelled_table(tmp_path_factory.mktemp("table")))


def test_the_official_test_is_apart_and_the_rest_is_dealt_by_patient(records):
    split = make_split(records, stage=tiny_stage(), seed=1)
    assert {record.official for record in split.parts["test"]} == {"test"}
    fitted_on = [record for part in ("train", "validation") for record in split.parts[part]]
    assert {record.official for record in fitted_on} == {"train"}
    people = [{record.patient for record in split.parts[part]} for part in ("train", "validation", "test")]
    assert not people[0] & people[1]
    assert not (people[0] | people[1]) & people[2]


def test_images_on_which_no_label_is_known_are_in_no_part(records):
    only_nodule = make_split(records, stage=tiny_stage(labels=("Nodule",)), seed=1)
    used = [record for part in only_nodule.parts.values() for record in part]
    assert used
    assert all(record.labels["Nodule"] in (0.0, 1.0) for record in used)
    assert len(used) < len(records)


def test_parts_that_may_not_be_fitted_on_are_left_out(records):
    stage = tiny_stage(split=SplitSpec(shares={"train": 0.7, "validation": 0.3}, fit_on=("another",)))
    with pytest.raises(DataError, match="All images belong to the official test set"):
        make_split(records, stage=stage, seed=1)


def test_a_label_that_the_data_do_not_speak_of_is_named(records):
    with pytest.raises(DataError, match=r"has a value for Hernia \(stage train\); labels found: \w+"):
        make_split(records, stage=tiny_stage(labels=("Hernia",)), seed=1)


def test_an_empty_part_is_named(records):
    few = [record for record in records if record.patient in ("table:p00",)]
    with pytest.raises(DataError, match="has no images"):
        make_split(few, stage=tiny_stage(), seed=1)


def test_a_smoke_split_says_so(records):
    assert make_split(records, stage=tiny_stage(), seed=1, smoke=True).protocol.startswith("SMOKE ")
    assert not make_split(records, stage=tiny_stage(), seed=1).protocol.startswith("SMOKE")


def test_an_earlier_stage_cannot_learn_from_whom_the_last_one_is_judged_on(records):
    first = tiny_stage(name="first", split=SplitSpec(shares={"train": 0.3, "validation": 0.7}))
    second = tiny_stage(name="second", start=FromStage(stage="first"))
    with pytest.raises(DataError, match="The stage first would learn from a patient or image that second"):
        make_splits(replace(tiny_recipe(), stages=(first, second)), records=records)
    same = replace(tiny_recipe(), stages=(replace(second, name="first", start=first.start), second))
    splits = make_splits(same, records=records)
    assert splits["first"].sha256 == splits["second"].sha256


def test_the_policy_for_uncertain_labels_stands_in_the_protocol_of_the_stages_that_read_them(records):
    recipe = tiny_recipe(releases=("table", "chexpert"))
    assert recipe.chexpert == ChexpertPolicy()
    policy = ChexpertPolicy(by_label={"Edema": "ones"})
    split = make_splits(replace(recipe, chexpert=policy), records=records)["train"]
    assert split.protocol.endswith("; uncertain labels of CheXpert: ignore (Edema ones), not mentioned: ignore")
    assert "CheXpert" not in make_splits(tiny_recipe(), records=records)["train"].protocol
    with pytest.raises(UsageError, match="a policy for chexpert where a stage reads it"):
        replace(tiny_recipe(), chexpert=policy)


def test_what_mixing_left_out_stands_in_the_protocol_and_changes_no_part():
    split = Split({"train": (), "test": ()}, "by patient")
    told = with_left_out(split, left_out={"its patient stands in a held-out test set": 1200})
    assert told.protocol == (
        "by patient; left out of the mixed releases: 1,200 because its patient stands in a held-out test set"
    )
    assert told.sha256 == split.sha256
    assert with_left_out(split, left_out={}) is split


@pytest.mark.parametrize("stratify", ["labels", "stratum"])
def test_held_out_images_are_the_test_whatever_they_are_called_and_a_split_without_any_says_so(records, stratify):
    stage = tiny_stage(split=SplitSpec(shares={"train": 0.7, "validation": 0.3}, stratify=stratify))
    renamed = [replace(r, official="Evaluation" if r.official == "test" else r.official) for r in records]
    test = {record.image for record in make_split(records, stage=stage, seed=1).parts["test"]}
    found = make_split(renamed, stage=stage, seed=1)
    assert {record.image for record in found.parts["test"]} == test
    assert test
    assert f"official Evaluation as test ({len(test)} images)" in found.protocol
    without = make_split([record for record in records if record.official != "test"], stage=stage, seed=1)
    assert without.parts["test"] == ()
    assert "no image is held out, so that there is no test" in without.protocol


def test_a_part_of_soft_pictures_has_the_softest_of_the_healthy_and_says_so(tmp_path):
    records = read_kermany(fabricate_kermany(tmp_path, train=24, test=2))
    plain = SplitSpec(shares={"train": 0.5, "plain": 0.25, "soft": 0.25}, stratify="stratum", fit_on=("train",))
    soft = replace(plain, soft=SoftestWithout(label="Pneumonia", part="soft"))
    stage = tiny_stage(labels=("Pneumonia",), split=plain, selection=replace(tiny_stage().selection, part="plain"))
    before, now = (make_split(records, stage=replace(stage, split=spec), seed=1) for spec in (plain, soft))
    assert now.protocol.startswith(before.protocol)
    assert "in the part soft those without Pneumonia are the patients with the softest pictures" in now.protocol
    healthy = {part: [one for one in now.parts[part] if not one.labels["Pneumonia"]] for part in plain.shares}
    means = {}
    for part, own in healthy.items():
        found = sharpness_of(own)
        children = {one.patient for one in own}
        means[part] = [np.mean([found[one.image] for one in own if one.patient == child]) for child in children]
    assert max(means["soft"]) < min([*means["train"], *means["plain"]])
    assert now.parts["test"] == before.parts["test"]

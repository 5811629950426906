"""Which columns of a table are what: guessed, and asked back where it is not clear."""

import math

import pytest

from hilum.datasets.own.columns import StatedColumns, guess_columns
from hilum.datasets.own.pictures import Pictures
from hilum.errors import DataError, UsageError


@pytest.fixture
def guess(tmp_path):
    for index in range(4):
        (tmp_path / f"x{index}.png").touch()

    def of(text, **stated):
        header, *lines = text.split()
        rows = [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]
        return guess_columns(
            rows, table=tmp_path / "labels.csv", pictures=Pictures(tmp_path), stated=StatedColumns(**stated)
        )

    return of


def test_usual_names_are_known(guess):
    found = guess("Image_Index,Patient_ID,Patient_Age,Gender,Effusion,note\nx0.png,7,40,F,1,fine\nx1.png,8,50,M,0,-")
    assert (found.image, found.patient) == ("Image_Index", "Patient_ID")
    assert found.others == {"age": "Patient_Age", "sex": "Gender"}
    assert list(found.labels) == ["Effusion"]
    assert found.unused == ("note",)
    assert found.guessed


def test_the_column_of_pictures_is_told_by_what_lies_there(guess):
    assert guess("image,where,Mass\n17,x0,1\n18,x1,0").image == "where"
    assert guess("image,mask,Mass\nx0.png,x1.png,1").image == "image"


def test_hilums_own_names_are_no_guess(guess):
    found = guess("image,patient,subject_id,truth:Effusion,portable\nx0.png,1,2,1,0")
    assert (found.image, found.patient, list(found.labels)) == ("image", "patient", ["Effusion"])
    assert not found.guessed
    assert found.unused == ("subject_id", "portable")


def test_a_table_without_patients_has_none(guess):
    assert guess("file,Mass\nx0.png,1").patient is None
    assert guess("file,subject,Mass\nx0.png,a,1", patient="none").patient is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,path,Mass\nx0.png,x0.png,1", "say --image-column file or --image-column path"),
        ("file,pid,mrn,Mass\nx0.png,1,2,1", "pid, mrn of .* say --patient-column pid or --patient-column mrn"),
        ("name,Mass\ngone.png,1", r"No column of .* names a picture .*--image-column COLUMN \(columns: name, Mass\)"),
        ("file,portable,Mass\nx0.png,1,0", "say --labels Mass or --labels Mass,portable"),
        ("file,Mass,diagnosis\nx0.png,1,Hernia", "of classes.* such as --labels Mass"),
        ("file,class,diagnosis\nx0.png,a,Hernia", "say --labels class or --labels diagnosis"),
        ("file,note\nx0.png,fine", r"No column of .* holds labels .*--labels COLUMN,COLUMN \(columns: note\)"),
        ("file,diagnosis\nx0.png,normal", "names no class but normal"),
        ("file,Effusion,Pleural_Effusion\nx0.png,1,0", "are one label, Effusion"),
        ("file", "has no rows"),
    ],
)
def test_what_is_not_clear_is_asked_back_in_one_line(guess, text, message):
    with pytest.raises(DataError, match=message) as raised:
        guess(text)
    assert "\n" not in str(raised.value)


def test_what_is_stated_settles_it(guess):
    text = "file,path,pid,mrn,portable,Mass\nx0.png,x0.png,1,2,1,0"
    found = guess(text, image="path", patient="MRN", labels=("mass", "portable"))
    assert (found.image, found.patient, list(found.labels)) == ("path", "mrn", ["Mass", "portable"])


def test_a_models_labels_settle_which_columns_are_labels(guess):
    assert list(guess("file,portable,Mass\nx0.png,1,0", wanted=("Mass", "Hernia")).labels) == ["Mass"]
    assert list(guess("file,Nodule\nx0.png,1", wanted=("Mass",)).labels) == ["Nodule"]


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"image": "pictures"}, "has no column 'pictures'; its columns are file, Effusion"),
        ({"patient": "pid"}, "has no column 'pid'"),
        ({"labels": ("Efusion",)}, "has no label 'Efusion'; labels found: Effusion; did you mean Effusion?"),
    ],
)
def test_a_stated_column_that_is_not_there_is_refused(guess, stated, message):
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        guess("file,Effusion\nx0.png,1", **stated)


def test_a_column_of_classes_has_a_label_for_each_but_the_normal(guess):
    found = guess("file,diagnosis\nx0.png,Normal\nx1.png,Pleural_Effusion|Mass\nx2.png,Mass\nx3.png,").labels
    assert list(found) == ["Effusion", "Mass"]
    assert found["Effusion"].read("Pleural_Effusion|Mass") == 1.0
    assert found["Effusion"].read("Normal") == 0.0
    assert math.isnan(found["Effusion"].read(""))
    chosen = guess("file,diagnosis\nx0.png,Normal\nx1.png,Effusion|Mass", labels=("Mass",)).labels
    assert list(chosen) == ["Mass"]


def test_too_many_classes_are_no_labels(guess):
    rows = "\n".join(f"x{index % 4}.png,class{index}" for index in range(40))
    with pytest.raises(DataError, match="holds 40 classes, such as class0, class1, class10; say which"):
        guess(f"file,label\n{rows}")

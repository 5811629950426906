"""The terminal table at 80 columns, as plain text."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from hilum.reading_result import NotDecided, RatioWithheld, StoodAside
from hilum.report.costs import Costs
from hilum.report.counts import Counts
from hilum.report.terminal import batch_summary, reading_table
from hilum.stated import Stated


def _text(renderable, width=80):
    console = Console(file=StringIO(), width=width)
    console.print(renderable)
    return console.file.getvalue()


def test_it_shows_source_gate_numbers_and_decisions(reading):
    text = _text(reading_table(reading))
    assert "scans/phantom_thorax.dcm" in text
    assert "240 × 300 px" in text
    assert "Accepted as a radiograph: chest" in text
    pneumonia = next(line for line in text.splitlines() if "Pneumonia" in line and "━" in line)
    effusion = next(line for line in text.splitlines() if "Effusion" in line and "─" in line)
    assert pneumonia.split() == ["Pneumonia", "0.873", "━━━━━┃━━━━──", "0.425", "positive"]
    assert effusion.split() == ["Effusion", "0.029", "───┃────────", "0.310", "negative"]
    assert "! The calibration was made on children" in text
    assert "Research use, not a medical device" in text


def test_nothing_but_text_goes_to_a_pipe(reading):
    assert "\x1b" not in _text(reading_table(replace(reading, source=replace(reading.source, name="\x1b[2Jx.png"))))


@pytest.mark.parametrize("width", [60, 80])
def test_long_names_and_many_findings_fit(reading, finding, width):
    findings = tuple(
        replace(finding, name=name, positive=None, in_scope=False) for name in ("Pleural Thickening", "Consolidation")
    )
    wide = replace(reading, source=replace(reading.source, name="folder/" * 30 + "x.dcm"), findings=findings)
    lines = _text(reading_table(wide), width=width).splitlines()
    assert max(map(len, lines)) <= width
    if width == 80:
        row = next(line for line in lines if "Pleural Thickening" in line)
        assert "0.873" in row
        assert "not decided *" in row


def test_the_reason_for_no_decision_stands_once(outside):
    text = " ".join(_text(reading_table(outside)).split())
    assert "not decided *" in text
    assert text.count("the patient is 43 years old, and this model is for children of 1 to 5 years") == 1
    assert "the score is no probability for this patient" in text
    assert "positive" not in text
    assert "calibrated" not in text


def test_a_model_s_notes_stand_under_its_own_table(reading, finding):
    why = {name: NotDecided("age unknown", f"{name} is for others") for name in ("chest-test", "chest-adult")}
    findings = (replace(finding, model=name, positive=None, in_scope=False, not_decided=why[name]) for name in why)
    words = " ".join(_text(reading_table(replace(reading, findings=tuple(findings)))).split())
    tables = words[words.index("chest-test finding") :]
    first = tables.index("* not decided: chest-test is for others")
    assert first < tables.index("chest-adult finding") < tables.index("* not decided: chest-adult is for others")


def test_a_refusal_shows_its_reason_and_no_table(refused):
    text = _text(reading_table(refused))
    assert "Refused (the picture looks like a photograph); between hand, foot" in " ".join(text.split())
    assert "probability" not in text


def test_two_models_stay_tables_in_eighty_columns(reading, finding):
    other = replace(finding, model="pneumonia-paediatric", positive=None, in_scope=False, inside_lungs=0.5)
    both = replace(reading, findings=(replace(finding, inside_lungs=0.25), other))
    lines = [line.rstrip() for line in _text(reading_table(both)).splitlines()]
    assert max(map(len, lines)) <= 80
    assert lines.index("chest-test") < lines.index("pneumonia-paediatric")
    headers = [line.split() for line in lines if line.split()[:1] == ["finding"]]
    assert [" ".join(header) for header in headers] == [
        "finding probability threshold ┃ decision in lungs",
        "finding score threshold ┃ decision in lungs",
    ]
    rows = [line.split() for line in lines if line.split()[:1] == ["Pneumonia"] and "━" in line]
    assert [row[1:2] + row[3:] for row in rows] == [
        ["0.873", "0.425", "positive", "25%"],
        ["0.873", "0.425", "not", "decided", "*", "50%"],
    ]


def test_what_the_networks_of_a_mean_say_stands_below_the_table(reading, disputed, negative):
    agreed = replace(negative, members=tuple(replace(one, positive=False) for one in disputed.members))
    lines = _text(reading_table(replace(reading, findings=(disputed, agreed)))).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80
    (row,) = [line.split() for line in lines if line.split()[:1] == ["Pneumonia"] and "━" in line]
    assert row[-2:] == ["positive", "*"]
    text = " ".join(" ".join(lines).split())
    said = "the 3 networks say 0.378 to 0.957; networks disagree, 2 of 3 alone would say positive"
    assert f"* Pneumonia: {said}" in text
    assert "Effusion: the 3 networks" not in text, "negative, and none would say otherwise"
    assert "networks" not in _text(reading_table(replace(reading, findings=(negative,))))


def test_who_stood_aside_and_what_the_user_says_have_a_line(reading):
    why = NotDecided("age outside", "the patient is 4 years old, and this model is for adults from 18 years")
    told = replace(reading, stood_aside=(StoodAside("chest-adult", why),), stated=Stated(view="AP"))
    text = " ".join(_text(reading_table(told)).split())
    assert "Not used: chest-adult (the patient is 4 years old, and this model is for adults from 18 years)" in text
    assert "Stated by the user, not by the file: view AP" in text
    assert "view AP (stated)" in text


def test_the_summary_counts_and_leaves_out_what_did_not_happen():
    counts = Counts(read=1200, failed=2, positive=7)
    text = _text(batch_summary(counts, skipped=3, seconds=601.0, destination="readings/"))
    assert [line.split()[0] for line in text.splitlines()[:4]] == ["1,200", "7", "2", "3"]
    assert "refused" not in text
    assert "601.0 s, 0.50 s an image" in text
    assert "results in readings/" in text


def test_an_empty_batch_is_said_plainly():
    assert _text(batch_summary(Counts(), seconds=0.0)).split()[:2] == ["0", "read"]
    lacking = _text(batch_summary(Counts(read=3), without_objects=2))
    assert "2  read, but without DICOM objects" in lacking
    assert "DICOM" not in _text(batch_summary(Counts(read=3)))


def test_without_an_operating_point_the_bar_has_no_mark(reading, finding):
    why = NotDecided("no operating point", "this model has no threshold")
    without = {"operating_point": None, "positive": None, "not_decided": why}
    text = _text(reading_table(replace(reading, findings=(replace(finding, **without),))))
    pneumonia = next(line for line in text.splitlines() if "Pneumonia" in line and "━" in line)
    assert pneumonia.split() == ["Pneumonia", "0.873", "━━━━━━━━━━──", "none", "not", "decided", "*"]
    assert "Not decided: this model has no threshold" in text


def test_findings_that_are_not_reliable_share_one_note(reading, finding, negative):
    weak = [
        replace(
            finding, name=name, operating_point=None, positive=None,
            not_decided=NotDecided("not reliable", f"not reliable here: {name} is rare"),
        )
        for name in ("Hernia", "Mass")
    ]  # fmt: skip
    lines = _text(reading_table(replace(reading, findings=(negative, *weak)))).splitlines()
    assert sum("not decided *" in line for line in lines) == 2
    text = " ".join(" ".join(lines).split())
    assert text.count("not decided: not reliable here; `hilum models show chest-test` says what each lacks") == 1


def test_lungs_have_a_line_and_shares_a_column(lung_reading):
    lines = _text(reading_table(lung_reading)).splitlines()
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    assert "lungs: trusted (both lungs were drawn; this is a child's chest)" in text
    pneumonia = next(line for line in lines if "Pneumonia" in line and "━" in line)
    assert pneumonia.split()[-2:] == ["positive", "81%"]
    assert "* in lungs: the share of the finding's heatmap that lies inside the lungs" in text
    effusion = next(line for line in lines if "Effusion" in line)
    assert effusion.split()[-1] == "negative"


def test_lungs_that_are_not_trusted_say_why_and_have_no_column(untrusted):
    text = " ".join(_text(reading_table(untrusted.reading)).split())
    assert "lungs: not trusted (the outlines are uncertain: estimated overlap (Dice) 0.610, 0.900 needed" in text
    assert "in lungs" not in text


def test_without_lungs_nothing_is_said_of_them(reading):
    assert "lungs" not in _text(reading_table(reading))


def test_the_summary_says_what_each_part_costs(reading):
    told = replace(reading, timings_ms={"decode": 12.4, "gate": 20.0, "lungs": 31.0, "network": 8.0, "total": 71.4})
    costs = Costs().plus(told).plus_writing(100.0)
    text = " ".join(_text(batch_summary(Counts(read=1), costs=costs)).split())
    assert "ms an image: decode 12, gate 20, lungs 31, specialists 8, write 100" in text
    assert "ms an image" not in _text(batch_summary(Counts(read=1)))


def test_the_ratio_has_a_line_and_says_what_it_is_not(heart_examination, lung_reading):
    text = _text(reading_table(heart_examination.reading))
    assert "heart: cardiothoracic ratio 0.50 ± 0.02: a measurement, not a diagnosis" in text
    why = RatioWithheld("AP view", "the view is AP, in which the heart looks wider than it is")
    bedside = replace(heart_examination.reading, cardiothoracic_ratio=why)
    assert "heart: cardiothoracic ratio not measured: the view is AP" in _text(reading_table(bedside))
    assert "heart" not in _text(reading_table(lung_reading))


def test_what_could_make_the_ratio_mean_less_is_said(heart_examination):
    reading = heart_examination.reading
    said = ("the view is not known, and assumed to be PA as you asked",)
    doubted = replace(reading, cardiothoracic_ratio=replace(reading.cardiothoracic_ratio, cautions=said))
    text = " ".join(_text(reading_table(doubted)).split())
    assert "! cardiothoracic ratio: the view is not known, and assumed to be PA as you asked" in text

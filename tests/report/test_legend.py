"""The column beside the overlay."""

from dataclasses import replace

import numpy as np
import pytest

from hilum.reading_result import RatioWithheld
from hilum.report.colour import ContributionScale, paint
from hilum.report.legend import _MARK, _broken, _from_all_to_the_fewest, draw_legend
from hilum.stated import Stated

DRAWN = frozenset({("chest-test", "Pneumonia")})


def _words(reading, drawn=frozenset()):
    return [line.text for line in next(_from_all_to_the_fewest(reading, drawn))]


def _quiet(reading):
    """The same without warnings, which stand last."""
    return replace(reading, warnings=())


def test_it_names_finding_probability_and_operating_point(reading):
    words = _words(reading, DRAWN)
    assert words == [
        "PHANTOM - shows no patient",
        "Gate: Accepted as a radiograph: chest",
        "Pneumonia flagged: 87% (threshold 42%)",
        "Pneumonia",
        "probability 0.873, positive",
        "threshold 0.425",
        "The calibration was made on children aged 1 to 5 years.",
    ]


def test_only_a_phantom_is_marked_as_one(reading):
    named = replace(reading, source=replace(reading.source, name="chest.dcm"))
    assert "PHANTOM" not in " ".join(_words(named))


def test_a_refusal_gives_its_reason(refused):
    assert "Not read: the picture looks like a photograph" in _words(refused)


def test_a_negative_reading_says_so(reading, negative):
    assert "Effusion not flagged: 3% (threshold 31%)" in _words(replace(reading, findings=(negative,)))


def test_what_the_user_says_stands_on_the_picture(no_age):
    words = _words(replace(no_age, stated=Stated(age_years=40.0, view="PA")), DRAWN)
    assert "Stated by the user, not by the file: age 40 years, view PA" in words
    assert "score 0.873, not decided" in words
    assert not any("probability" in line for line in words)


@pytest.mark.parametrize("height", [1, 300, 2048])
def test_the_scale_shows_the_exact_colours(reading, height):
    legend = np.asarray(draw_legend(reading, scales=(ContributionScale(7, 7),), drawn=DRAWN, height=height))
    em = min(max(height / 42, 13.0), 40.0)
    left, right = round(em), round(legend.shape[1] - em)
    share = np.linspace(0, 1, right - left, dtype=np.float32)[None]
    expected = np.asarray(paint(np.full(share.shape, 96, np.uint8), share=share))[0]
    rows = (legend[:, left:right] == expected).all(axis=(1, 2))
    assert rows.sum() == pytest.approx(0.9 * em, abs=2)
    without = np.asarray(draw_legend(reading, scales=(), drawn=DRAWN, height=height))
    assert not (without[:, left:right] == expected).all(axis=(1, 2)).any()


def test_it_is_as_high_as_asked_or_as_its_words_need(reading):
    assert draw_legend(reading, scales=(), drawn=DRAWN, height=900).height == 900
    assert draw_legend(reading, scales=(), drawn=DRAWN, height=5).height > 100


def test_what_the_picture_is_not_stands_at_its_foot(reading):
    legend = np.asarray(draw_legend(reading, scales=(), drawn=DRAWN, height=600))
    foot = legend[-60:]
    assert (np.abs(foot.astype(int) - _MARK).sum(axis=2) < 30).any()


def test_long_words_are_broken_and_foreign_letters_written_in_ascii():
    class Monospace:
        def getlength(self, text):
            return len(text)

    pieces = _broken("aé−幻 " + "x" * 25 + " end", font=Monospace(), width=10)
    assert pieces == ["ae-?", "x" * 10, "x" * 10, "xxxxx end"]


def test_the_lungs_have_their_lines(lung_reading, untrusted):
    words = _words(_quiet(lung_reading), DRAWN)
    assert "81% of its heatmap inside the lungs" in words
    assert words[-2:] == [
        "Lungs outlined: both lungs were drawn; this is a child's chest (green outlines)",
        "green box: the crop that chest-test read",
    ]
    assert not any("Cardiothoracic" in line for line in words)
    doubted = _words(_quiet(untrusted.reading))
    assert doubted[-1].startswith("Lung outlines uncertain: the outlines are uncertain")
    assert doubted[-1].endswith("(broken outlines)")


def test_the_ratio_has_its_line_with_the_colours_of_what_is_drawn(heart_examination):
    reading = _quiet(heart_examination.reading)
    assert _words(reading)[-1] == (
        "Cardiothoracic ratio 0.50 ± 0.02: a measurement, not a diagnosis (pink: the heart and its width; green line: "
        "the thorax's)"
    )
    child = RatioWithheld("child", "the patient is 5 years old, and it is measured from 16 years on")
    assert _words(replace(reading, cardiothoracic_ratio=child))[-1] == (
        "Cardiothoracic ratio not measured: the patient is 5 years old, and it is measured from 16 years on"
    )


def test_the_networks_of_a_mean_have_their_lines(reading, disputed):
    words = _words(replace(_quiet(reading), findings=(disputed,)), DRAWN)
    assert words[-2:] == ["the 3 networks say 0.378 to 0.957", "networks disagree, 2 of 3 alone would say positive"]


def test_what_could_make_the_ratio_mean_less_stands_below_it(heart_examination):
    reading = _quiet(heart_examination.reading)
    said = "the view is said to be PA, and the picture looks like AP"
    doubted = replace(reading, cardiothoracic_ratio=replace(reading.cardiothoracic_ratio, cautions=(said,)))
    line, caution = _words(doubted)[-2:]
    assert line.startswith("Cardiothoracic ratio 0.50")
    assert caution == "The view is said to be PA, and the picture looks like AP"


def test_warnings_stand_last_but_for_what_the_headline_says(reading):
    warned = replace(reading, warnings=("the greys may be inverted", "Pneumonia flagged"))
    assert _words(warned)[-1] == "The greys may be inverted"
    assert _words(_quiet(reading))[-1] != "The greys may be inverted"


def test_short_of_room_it_tells_of_fewer_findings_and_counts_the_warnings(reading, finding):
    names = [f"Finding {number}" for number in range(20)]
    many = replace(reading, findings=tuple(replace(finding, name=name) for name in names), warnings=("one", "two"))
    drawn = frozenset(("chest-test", name) for name in names)
    full = draw_legend(many, scales=(), drawn=drawn, height=700)
    assert full.height > 1500
    assert draw_legend(many, scales=(), drawn=drawn, height=700, most=1000).height <= 1000
    versions = [[line.text for line in lines] for lines in _from_all_to_the_fewest(many, drawn)]
    assert "1 more drawn: see the report for each" in versions[1]
    assert all(name in versions[-2][2] for name in names)  # the headline names every one
    assert versions[-2][3:] == ["20 drawn: see the report for each", "One", "Two"]
    assert versions[-1][3:] == ["20 drawn: see the report for each", "2 warnings: see the report"]
    assert versions[-1][2].endswith("... and more")

"""The column beside an overlay: what was found, the colour scale with its unit, and what the picture is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import shorten

import numpy as np
from PIL import Image, ImageDraw

from hilum.reading_result import CardiothoracicRatio, Finding, Reading
from hilum.report.colour import ContributionScale, paint
from hilum.report.headline import headline, warnings_beside
from hilum.report.letters import Font, font_of_size, length, letters
from hilum.report.lung_outlines import HEART_COLOUR, LUNG_COLOUR
from hilum.report.wording import (
    RESEARCH_USE,
    decision,
    disagreement_text,
    gate_title,
    inside_lungs_text,
    is_phantom,
    looks_text,
    lungs_text,
    members_text,
    number_name,
    number_texts,
    ordered,
    plain_text,
    ratio_cautions,
    ratio_line,
    sentence,
    stated_text,
    told_text,
)

_Colour = tuple[int, int, int]

_PAPER: _Colour = (16, 17, 20)
_INK: _Colour = (238, 240, 243)
_QUIET: _Colour = (176, 182, 190)
_MARK: _Colour = (240, 201, 74)
_COLUMN_EMS = 19  # width of the column in letters' heights
_SHORT = 600  # characters of the headline where room is short
_SCALE_GREY = 96  # the scale is shown as it looks over this grey, with the heatmap's own opacity


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    colour: _Colour = _INK
    size: float = 1.0
    space_above: float = 0.25


def draw_legend(
    reading: Reading,
    *,
    scales: Sequence[ContributionScale],
    drawn: frozenset[tuple[str, str]],
    height: int,
    most: int | None = None,
) -> Image.Image:
    """The column as an RGB picture, at least `height` pixels high; letters grow with it.

    `scales` are those of the heatmaps drawn, one for each size of grid; `drawn` holds (model, finding). A column that
    would be higher than `most` pixels says less of each finding, and where that is not enough, counts the warnings.
    """
    em = min(max(height / 42, 13.0), 40.0)
    width = round(em * _COLUMN_EMS)
    lower = [_Line(f"SHA-256 {reading.source.sha256[:16]}...", _QUIET, 0.85, 0.8), _Line(RESEARCH_USE, _MARK)]
    tail = _write(None, lower, em=em, width=width, y=0.0)

    def needed(lines: Sequence[_Line]) -> int:
        y = _write(None, lines, em=em, width=width, y=em)
        for scale in scales:
            y = _scale(None, scale, em=em, width=width, y=y)
        return round(y + tail + em)

    upper: list[_Line] = []
    for upper in _from_all_to_the_fewest(reading, drawn):
        if most is None or needed(upper) <= most:
            break
    legend = Image.new("RGB", (width, max(height, needed(upper))), _PAPER)
    draw = ImageDraw.Draw(legend)
    y = _write(draw, upper, em=em, width=width, y=em)
    for scale in scales:
        y = _scale(legend, scale, em=em, width=width, y=y)
    _write(draw, lower, em=em, width=width, y=legend.height - tail - em)
    return legend


def _from_all_to_the_fewest(reading: Reading, drawn: frozenset[tuple[str, str]]) -> Iterator[list[_Line]]:
    """The lines above the scale with ever fewer findings told in full: the headline names all that are flagged."""
    described = [finding for finding in ordered(reading.findings) if (finding.model, finding.name) in drawn]
    for number in range(len(described), -1, -1):
        yield _upper_lines(reading, described[:number], left_out=len(described) - number)
    yield _upper_lines(reading, (), left_out=len(described), is_short=True)


def _upper_lines(
    reading: Reading, described: Sequence[Finding], *, left_out: int = 0, is_short: bool = False
) -> list[_Line]:
    """What stands above the scale; `left_out` findings are drawn and not `described`."""
    lines = [_Line("PHANTOM - shows no patient", _MARK, 1.1)] if is_phantom(reading.source.name) else []
    if reading.findings:  # else the outcome says what the gate said
        lines.append(_Line(f"Gate: {gate_title(reading.gate)}", _QUIET))
    said = headline(reading)
    lines.append(_Line(shorten(said, _SHORT, placeholder=" ... and more") if is_short else said, _INK, 1.0, 0.8))
    for finding in described:
        lines += _finding_lines(finding)
    if left_out:
        what = f"{left_out} more drawn" if described else f"{left_out} drawn"
        lines.append(_Line(f"{what}: see the report for each", _MARK, 0.9, 0.8))
    if reading.stated:
        lines.append(_Line(stated_text(reading), _MARK, 0.9, 0.8))
    lines += [*_lung_lines(reading), *_crop_lines(reading)]
    return [*lines, *_warning_lines(reading, is_short=is_short)]


def _finding_lines(finding: Finding) -> list[_Line]:
    said = decision(finding)
    probability, threshold = number_texts(finding)
    lines = [
        _Line(finding.name, _INK, 1.25, 1.0),
        _Line(f"{number_name(finding)} {probability}, {said.word}"),
        _Line(f"threshold {threshold}", _QUIET),
    ]
    if finding.inside_lungs is not None:
        lines.append(_Line(inside_lungs_text(finding.inside_lungs), _QUIET))
    rests_on = (members_text(finding), looks_text(finding), told_text(finding))
    lines += [_Line(text, _QUIET) for text in rests_on if text]
    if finding.members_disagree:
        lines.append(_Line(disagreement_text(finding), _MARK))
    if said.note:
        lines.append(_Line(said.note, _MARK))
    return lines


def _lung_lines(reading: Reading) -> list[_Line]:
    if reading.lungs is None:
        return []
    lungs = reading.lungs
    drawn = "" if "no lung" in lungs.flags else " (green outlines)" if lungs.trusted else " (broken outlines)"
    lines = [_Line(f"{lungs_text(lungs)}{drawn}", LUNG_COLOUR if lungs.trusted else _MARK, 0.9, 1.0)]
    heart = ratio_line(reading)
    if heart is not None:
        measured = isinstance(reading.cardiothoracic_ratio, CardiothoracicRatio)
        shown = " (pink: the heart and its width; green line: the thorax's)" if measured else ""
        lines.append(_Line(f"{heart}{shown}", HEART_COLOUR if measured else _QUIET, 0.9, 0.5))
        lines += [_Line(sentence(caution), _MARK, 0.9) for caution in ratio_cautions(reading)]
    inside = ", ".join(one.model for one in reading.lung_averages if one.inside)
    if inside:
        lines.append(_Line(f"{inside} looked inside the lungs alone", _QUIET, 0.9))
    return lines


def _crop_lines(reading: Reading) -> list[_Line]:
    if not reading.crops:
        return []
    read = ", ".join(crop.model for crop in reading.crops)
    return [_Line(f"green box: the crop that {read} read", _QUIET, 0.9)]


def _warning_lines(reading: Reading, *, is_short: bool) -> list[_Line]:
    """What a page shows as warnings, since the picture may be all that somebody sees; in short their number."""
    warnings = warnings_beside(reading, said=headline(reading))
    if is_short and len(warnings) > 1:
        return [_Line(f"{len(warnings)} warnings: see the report", _MARK, 0.9, 0.8)]
    return [_Line(sentence(warning), _MARK, 0.9, 0.25 if place else 0.8) for place, warning in enumerate(warnings)]


def _write(draw: ImageDraw.ImageDraw | None, lines: Sequence[_Line], *, em: float, width: int, y: float) -> float:
    """Write lines from `y` down, broken at the column's width; where the next one would start. None only measures."""
    for line in lines:
        font = font_of_size(em * line.size)
        y += em * line.space_above
        for piece in _broken(line.text, font=font, width=width - 2 * em):
            if draw is not None:
                draw.bitmap((round(em), round(y)), letters(piece, font), fill=line.colour)
            y += em * line.size * 1.25
    return y


def _broken(text: str, *, font: Font, width: float) -> list[str]:
    """`text` in pieces no wider than `width`, in the letters that the built-in font has."""
    pieces: list[str] = [""]
    for word in plain_text(text).split():
        longer = f"{pieces[-1]} {word}".strip()
        if length(longer, font) <= width:
            pieces[-1] = longer
            continue
        pieces.append("")
        for letter in word:
            if length(pieces[-1] + letter, font) > width:
                pieces.append("")
            pieces[-1] += letter
    return [piece for piece in pieces if piece]


def _scale(legend: Image.Image | None, scale: ContributionScale, *, em: float, width: int, y: float) -> float:
    """The colours, as they look over grey, with numbers below and the unit above; where the next thing would start."""
    draw = None if legend is None else ImageDraw.Draw(legend)
    left, right, high = round(em), round(width - em), round(em * 0.9)
    y = _write(draw, [_Line(scale.unit, _QUIET, 0.9, 1.2)], em=em, width=width, y=y) + em * 0.3
    top = round(y)
    if legend is not None and draw is not None:
        share = np.linspace(0.0, 1.0, right - left, dtype=np.float32)[None]
        colours = paint(np.full(share.shape, _SCALE_GREY, np.uint8), share=share)
        legend.paste(colours.resize((colours.width, high + 1), Image.Resampling.NEAREST), (left, top))
        font = font_of_size(em * 0.9)
        for position, label in scale.ticks:
            x = left + position * (right - left - 1)
            draw.line((x, top + high, x, top + high + em * 0.3), fill=_INK)
            draw.text((x - position * length(label, font), top + high + em * 0.4), label, fill=_INK, font=font)
    short = "same colour, same contribution on every image; zero and below is clear"
    note = scale.note if scale.by_occlusion else short
    return _write(draw, [_Line(note, _QUIET, 0.85, 0.0)], em=em, width=width, y=top + high + em * 1.6)

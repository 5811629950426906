"""The headline of a reading: the result and what limits it, in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hilum.reading_result import CardiothoracicRatio, Finding, Reading
from hilum.report.wording import NO_DIAGNOSIS, apart_texts, not_known_text, ordered, ratio_text, short_reason

_NAMED_UP_TO = 4
"""So many findings without a decision are named one by one; more are counted."""


def headline(reading: Reading) -> str:
    """One sentence, without its full stop, on the findings as a whole: what is flagged, or why nothing is said."""
    if not reading.findings:
        return _not_read(reading)
    findings = ordered(reading.findings)
    decided = [one for one in findings if one.positive is not None]
    undecided = [one for one in findings if one.positive is None]
    if not decided:
        return f"Not decided: {_reasons(undecided)}"
    said = [_result(decided, names=finding_names(findings))]
    if undecided:
        said.append(_also_undecided(undecided, names=finding_names(findings)))
    return "; ".join([*said, *_caveats(reading, decided=decided)])


def warnings_beside(reading: Reading, *, said: str) -> tuple[str, ...]:
    """The warnings, but for what the headline has `said` already."""
    said = said.casefold()
    return tuple(warning for warning in reading.warnings if warning.casefold() not in said)


def finding_names(findings: Sequence[Finding]) -> dict[tuple[str, str], str]:
    """The findings' names, with the model's where several models look for one and the same."""
    times = Counter(finding.name for finding in findings)
    return {
        (each.model, each.name): f"{each.name} ({each.model})" if times[each.name] > 1 else each.name
        for each in findings
    }


def no_heatmap(reading: Reading) -> str:
    """Why a report shows no heatmap at first."""
    if not reading.findings:
        return "No findings were computed, so there is no heatmap"
    if any(finding.positive for finding in reading.findings):
        return "The model gave no heatmap"
    if all(finding.positive is None for finding in reading.findings):
        return "Not decided: no heatmap is shown"
    return "Nothing is flagged: no heatmap is shown"


def percent_text(share: float, decimals: int = 2) -> str:
    """A share in [0, 1] in per cent, with so many decimals of the share, from 2 on, and never as 0% or 100%."""
    shown, least = decimals - 2, 10.0**-decimals
    if share <= least / 2:
        return f"<{100 * least:.{shown}f}%"
    return f">{100 * (1 - least):.{shown}f}%" if share >= 1 - least / 2 else f"{share:.{shown}%}"


def percent_texts(finding: Finding) -> tuple[str, str]:
    """The probability and the threshold in whole per cent, with decimals where they would look the same."""
    if finding.operating_point is None:
        return percent_text(finding.probability), "none"
    return apart_texts(finding.probability, finding.operating_point, text=percent_text, decimals=range(2, 6))


def _not_read(reading: Reading) -> str:
    gate = reading.gate
    if gate.status in ("refused", "unsure"):
        return f"Not read: {gate.reason}"
    if isinstance(reading.cardiothoracic_ratio, CardiothoracicRatio):
        said = f"{ratio_text(reading.cardiothoracic_ratio)}, {NO_DIAGNOSIS}"
        return f"Chest X-ray. None of the models looks for findings; cardiothoracic ratio {said}"
    if gate.type is None:
        return "None of the models reads radiographs, so no findings were computed"
    kind = gate.type.name
    return f"{kind.capitalize()} X-ray. None of the models reads {kind} X-rays, so no findings were computed"


def _result(decided: Sequence[Finding], *, names: dict[tuple[str, str], str]) -> str:
    """What is flagged; a finding alone is named with its number also where it is not."""
    positive = [one for one in decided if one.positive]
    if len(positive) == 1 or len(decided) == 1:
        one = (positive or decided)[0]
        return f"{_name(one, names)} {'flagged' if one.positive else 'not flagged'}: {_against_threshold(one)}"
    if positive:
        return f"Flagged: {', '.join(f'{_name(one, names)} {_against_threshold(one)}' for one in positive)}"
    return f"Nothing flagged among {len(decided)} findings"


def _against_threshold(finding: Finding) -> str:
    return "{} (threshold {})".format(*percent_texts(finding))


def _also_undecided(undecided: Sequence[Finding], *, names: dict[tuple[str, str], str]) -> str:
    named = ", ".join(_name(one, names) for one in undecided)
    what = named if len(undecided) <= _NAMED_UP_TO else f"{len(undecided)} more findings"
    return f"not decided: {what} ({_reasons(undecided)})"


def _reasons(undecided: Sequence[Finding]) -> str:
    """The reason; where they differ, each with its model. What a label that is not reliable lacks is told elsewhere."""
    reasons = {one.model: short_reason(one.not_decided) for one in undecided if one.not_decided is not None}
    if len(set(reasons.values())) > 1:
        return "; ".join(f"{model}: {reason}" for model, reason in reasons.items())
    return next(iter(reasons.values()), "see the warnings")


def _caveats(reading: Reading, *, decided: Sequence[Finding]) -> list[str]:
    unknown = tuple(dict.fromkeys(part for one in decided for part in one.unknown))
    said = []
    if unknown and reading.stated.assumes_scope:
        said.append(f"{not_known_text(unknown)}, and assumed to fit as you asked")
    elif unknown:
        said.append(f"{not_known_text(unknown)}, so this may not hold")
    return [*said, *(["read with its greys reversed"] if reading.read_inverted else [])]


def _name(finding: Finding, names: dict[tuple[str, str], str]) -> str:
    return names[finding.model, finding.name]

"""A comparison on the terminal: what was shown in words first, then models, differences, decisions, and the facts."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hilum.cli.terminal.judgement_table import plain_table, with_room_for_numbers
from hilum.cli.terminal.say import one_line
from hilum.evaluation.comparing.comparison import Comparison, LabelComparison, ShareDifference
from hilum.evaluation.comparing.many_predictions import Pair
from hilum.evaluation.comparing.paired_t import PairedT
from hilum.evaluation.comparing.words import comparison_words, p_words, pair_name, verdict_rows
from hilum.evaluation.judging.judgement import drawn_unit, images_of
from hilum.evaluation.predictions.estimate_text import estimate_text, interval_text
from hilum.statistics.estimate import Estimate


def comparison_tables(comparison: Comparison) -> RenderableType:
    """Everything that a comparison holds, fitted to the terminal's width."""
    parts: list[RenderableType] = [_models(comparison), _differences(comparison)]
    if comparison.points:
        parts.append(_shares(comparison))
    if comparison.margin is not None:
        parts.append(_verdicts(comparison, margin=comparison.margin))
    parts += [Text(one_line(words), style="bold") for words in comparison_words(comparison)]
    parts += [Text(line) for line in _t_lines(comparison)]
    for words, names in (
        ("not in the mean, for lack of an outcome or of patients", comparison.left_out),
        ("not in every file, not compared", comparison.not_compared),
    ):
        if names:
            parts.append(Text(one_line(f"! {words}: {', '.join(names)}"), style="bold yellow"))
    known = comparison.patients_known
    facts = [
        *comparison.notes,
        f"{images_of(comparison.n, patients=comparison.patients, known=known)}; {comparison.replicates:,} bootstrap "
        f"replicates by {drawn_unit(patients_known=known)}",
        *(f"operating points of {name}: {source}" for name, source in comparison.points.items()),
        *(f"protocol: {protocol}" for protocol in dict.fromkeys(comparison.protocols.values())),
        f"split: SHA-256 {comparison.split_sha256}",
    ]
    return Group(*with_room_for_numbers(parts), Text(""), *(Text(one_line(fact), style="dim") for fact in facts))


def _models(comparison: Comparison) -> Table:
    table = plain_table("label", "model", "AUROC [95%]", "AP [95%]", "Brier", names=2)
    if any(one.sensitivity for label in comparison.labels for one in label.models.values()):
        table.add_column("sens.", justify="right")
        table.add_column("spec.", justify="right")
    width = len(table.columns)
    for label in comparison.labels:
        name = f"{label.label} {label.positives:,} / {label.n:,}"
        if label.undefined is not None:
            table.add_row(one_line(name), Text(label.undefined, style="yellow"), end_section=True)
            continue
        for place, (model, one) in enumerate(label.models.items()):
            cells: list[str] = [estimate_text(one.auroc), estimate_text(one.average_precision), _plain(one.brier)]
            if width > len(cells) + 2:
                cells += [_plain(one.sensitivity), _plain(one.specificity)]
            last = place + 1 == len(label.models)
            table.add_row(one_line(name) if place == 0 else "", one_line(model), *cells, end_section=last)
    if len(comparison.averaged) > 1:
        for place, model in enumerate(comparison.models):
            name = f"mean of {len(comparison.averaged)}" if place == 0 else ""
            table.add_row(name, one_line(model), estimate_text(comparison.mean.get(model)))
    return table


def _differences(comparison: Comparison) -> Table:
    delong = "p clustered" if comparison.clustered else "p DeLong"
    table = plain_table("label", "difference of", "AUROC [95%]", "p boot.", delong, names=2)
    for label in comparison.labels:
        for place, one in enumerate(label.pairs):
            table.add_row(
                _name(label, first=place == 0),
                one_line(pair_name(one.pair)),
                _signed(one.auroc.estimate),
                p_words(one.auroc.p_holm),
                p_words(one.delong_p_holm),
            )
    if len(comparison.averaged) > 1:
        for place, mean in enumerate(comparison.mean_pairs):
            name = f"mean of {len(comparison.averaged)}" if place == 0 else ""
            table.add_row(
                name,
                one_line(pair_name(mean.pair)),
                _signed(mean.auroc.estimate),
                p_words(mean.auroc.p_holm),
            )
    return table


def _shares(comparison: Comparison) -> Table:
    """Sensitivity and specificity side by side, with how many images one model alone has right."""
    table = plain_table("label", "difference of", "at the points", "difference [95%]", "alone right", "p", names=3)
    for label in comparison.labels:
        for place, one in enumerate(label.pairs):
            first = _name(label, first=place == 0)
            for title, found in (("sensitivity", one.sensitivity), ("specificity", one.specificity)):
                lead = (first, one_line(pair_name(one.pair))) if title == "sensitivity" else ("", "")
                table.add_row(*lead, title, *_share(found, why=_no_point(label, one.pair)))
    return table


def _verdicts(comparison: Comparison, *, margin: float) -> Table:
    """What is shown against the margin, one row a measure; the notes say what the words mean."""
    table = plain_table("label", f"margin {margin:g}", "difference of", "not worse", "within", "could hide", names=3)
    for row in verdict_rows(comparison):
        loss = row.verdict.hidden_loss
        table.add_row(
            one_line(row.label or f"mean of {len(comparison.averaged)}"),
            row.measure,
            one_line(pair_name(row.pair)),
            row.not_worse,
            row.alike,
            "–" if loss is None else f"{loss:.3f}",
        )
    return table


def _share(found: ShareDifference | None, *, why: str) -> Sequence[RenderableType]:
    if found is None:
        return Text(why, style="yellow"), "–", "–"
    table = found.table
    return (
        _signed(found.estimate),
        f"{table.first_only:,} / {table.second_only:,}",
        p_words(found.p_holm),
    )


def _no_point(label: LabelComparison, pair: Pair) -> str:
    return next((reason for name in pair if (reason := label.models[name].no_point)), "there are no such images")


def _t_lines(comparison: Comparison) -> list[str]:
    lines = []
    for one in comparison.mean_pairs:
        t = one.paired_t
        if t is None:
            continue
        said = f"t = {t.t:.2f}, two-tailed p {p_words(t.p_value)}" if isinstance(t, PairedT) else f"none, {t.reason}"
        lines.append(one_line(f"paired t-test over {len(comparison.averaged)} labels, {pair_name(one.pair)}: {said}"))
    return lines


def _name(label: LabelComparison, *, first: bool) -> Text:
    if not first:
        return Text("")
    return Text(one_line(label.label), style="yellow" if label.too_few else "")


def _signed(estimate: Estimate) -> str:
    return interval_text(estimate, sign="+", unknown=" [?]")


def _plain(estimate: Estimate | None) -> str:
    return "–" if estimate is None else f"{estimate.value:.3f}"

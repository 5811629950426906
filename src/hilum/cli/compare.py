"""`hilum compare`: two models on the same images, paired; needs no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hilum.cli.console import output_console
from hilum.cli.design_option import DesignOption, stated_design
from hilum.cli.judgement_table import plain_table
from hilum.cli.say import one_line
from hilum.evaluation.compare import Comparison, compare
from hilum.evaluation.comparison_json import comparison_json
from hilum.evaluation.estimate_text import estimate_text
from hilum.evaluation.paired_t import PairedT
from hilum.evaluation.patient_bootstrap import REPLICATES
from hilum.evaluation.predictions import read_predictions

app = typer.Typer(
    help="Compare two predictions files of the same images, paired.",
    epilog="[bold]Examples[/]\n\nhilum compare a.parquet b.parquet\n\nhilum compare a.parquet b.parquet --json",
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command("compare")
def compare_files(
    first: Annotated[Path, typer.Argument(metavar="FIRST", help="A predictions file in Parquet.")],
    second: Annotated[Path, typer.Argument(metavar="SECOND", help="Another model's, on the same images.")],
    *,
    split: Annotated[str | None, typer.Option(help="Which split to compare, where the files hold several.")] = None,
    common_labels: Annotated[
        bool, typer.Option("--common-labels", help="Compare the labels that both files have, where they differ.")
    ] = False,
    any_protocol: Annotated[
        bool, typer.Option("--any-protocol", help="Take two protocol texts as one protocol.")
    ] = False,
    design: DesignOption = None,
    replicates: Annotated[int, typer.Option(min=100, help="Bootstrap replicates.")] = REPLICATES,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare FIRST with SECOND: differences of AUROC (first minus second) with intervals by patient and tests.

    Files of other images, truths, labels or protocols are refused. Tests are the patient bootstrap and DeLong's,
    adjusted by Holm over the labels, and a paired t-test over the labels.
    """
    stated = stated_design(design)
    one, two = (read_predictions(path, design=stated).one_split(split) for path in (first, second))
    result = compare(one, second=two, common_labels=common_labels, any_protocol=any_protocol, replicates=replicates)
    if as_json:
        typer.echo(json.dumps(comparison_json(result), indent=2, allow_nan=False))
        return
    output_console().print(_shown(result))


def _shown(comparison: Comparison) -> RenderableType:
    used = [name for name in comparison.in_mean if name not in comparison.left_out]
    parts = [Text(f"mean difference {estimate_text(comparison.mean_difference)} over {len(used)} labels", style="bold")]
    t = comparison.paired_t
    parts.append(
        Text(f"paired t-test over {t.n} labels: t = {t.t:.2f}, two-tailed p = {_p(t.p_value)}")
        if isinstance(t, PairedT)
        else Text(f"paired t-test over the labels: no value, {t.reason}")
    )
    if comparison.left_out:
        parts.append(Text(one_line(f"! not in the mean: {', '.join(comparison.left_out)}"), style="bold yellow"))
    if comparison.not_compared:
        words = f"! in one file only, not compared: {', '.join(comparison.not_compared)}"
        parts.append(Text(one_line(words), style="bold yellow"))
    facts = [
        *comparison.notes,
        f"{comparison.n:,} images of {comparison.patients:,} patients; {comparison.replicates:,} bootstrap replicates "
        "by patient; p-values two-sided, adjusted by Holm over the labels",
        *(f"protocol: {protocol}" for protocol in dict.fromkeys(comparison.protocols)),
        f"split: SHA-256 {comparison.split_sha256}",
    ]
    return Group(_labels(comparison), *parts, Text(""), *(Text(one_line(fact), style="dim") for fact in facts))


def _labels(comparison: Comparison) -> Table:
    table = plain_table("label", "positive / n", "first", "second", "difference [95%]", "p boot.", "p DeLong")
    for one in comparison.labels:
        counts = f"{one.positives:,} / {one.n:,}"
        if one.undefined is not None:
            table.add_row(one_line(one.label), counts, "–", "–", Text(one.undefined, style="yellow"), "–", "–")
            continue
        table.add_row(
            one_line(one.label),
            counts,
            f"{one.first:.3f}",
            f"{one.second:.3f}",
            estimate_text(one.difference),
            _p(one.bootstrap_p_holm),
            _p(one.delong_p_holm),
        )
    return table


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"

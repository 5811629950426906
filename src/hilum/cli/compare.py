"""`hilum compare`: models on the same images, paired; needs no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.commands import REPORT_COMPARISON
from hilum.cli.options.compared_files import named_files, read_models, read_points
from hilum.cli.options.design import DesignOption, stated_design
from hilum.cli.options.judging import (
    OneJsonOption,
    PatientsOption,
    ProtocolOption,
    ReplicatesOption,
    ReportOption,
    ScoreOption,
    SensitivityOption,
    TruthOption,
)
from hilum.cli.options.ledger import LedgerOption
from hilum.cli.terminal.comparison_table import comparison_tables
from hilum.cli.terminal.console import output_console
from hilum.cli.terminal.say import say, say_caution
from hilum.evaluation.bundles.ledger import ledger_path
from hilum.evaluation.bundles.look import Looks, compared_fields, record_predictions
from hilum.evaluation.comparing.compare import compare
from hilum.evaluation.comparing.comparison import Comparison
from hilum.evaluation.comparing.comparison_json import comparison_json
from hilum.evaluation.comparing.many_predictions import same_images
from hilum.evaluation.predictions.anybodys_scores import StatedScores
from hilum.evaluation.predictions.patient_bootstrap import REPLICATES
from hilum.evaluation.predictions.predictions import Predictions

app = typer.Typer(
    help="Compare predictions files of the same images, paired.",
    epilog=(
        "[bold]Examples[/]\n\nhilum compare old.parquet new.parquet\n\n"
        "hilum compare old.csv new.csv --protocol 'our test set, split by patient' --report comparison\n\n"
        "hilum compare old.parquet new.parquet --margin 0.02\n\n"
        "hilum compare a.parquet b.parquet c.parquet --pairs all\n\n"
        "hilum compare a.parquet b.parquet --validation a=val-a.parquet --validation b=val-b.parquet"
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


class Pairs(StrEnum):
    """Which models are set side by side."""

    REFERENCE = "reference"
    ALL = "all"


@app.command("compare")
def compare_files(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="[NAME=]FILE...",
            help="Truths and scores, a file a model, two or more: CSVs, or Parquet of pandas or hilum.",
        ),
    ],
    *,
    protocol: ProtocolOption = None,
    truth: TruthOption = None,
    score: ScoreOption = None,
    patient_column: PatientsOption = None,
    reference: Annotated[
        str | None, typer.Option(metavar="NAME", help="The model that the others are set beside; else the first.")
    ] = None,
    pairs: Annotated[
        Pairs,
        typer.Option(
            case_sensitive=False,
            metavar="reference|all",
            help="Set each model beside the reference, or beside each other.",
        ),
    ] = (Pairs.REFERENCE),
    margin: Annotated[
        float | None,
        typer.Option(help="A loss that is still tolerated, stated beforehand: shown to be no worse than that, or not?"),
    ] = None,
    validation: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE", help="Other patients, on which a model's operating points are chosen."),
    ] = None,
    validation_split: Annotated[str | None, typer.Option(help="Which split of the validation files to use.")] = None,
    sensitivity: SensitivityOption = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME[:LABEL]=]VALUE", help="A stated threshold, for all, a model or one of its labels."),
    ] = None,
    split: Annotated[str | None, typer.Option(help="Which split to compare, where the files hold several.")] = None,
    common_labels: Annotated[
        bool, typer.Option("--common-labels", help="Compare the labels that all files have, where they differ.")
    ] = False,
    any_protocol: Annotated[
        bool, typer.Option("--any-protocol", help="Take several protocol texts as one protocol.")
    ] = False,
    design: DesignOption = None,
    ledger: LedgerOption = None,
    replicates: ReplicatesOption = REPLICATES,
    as_json: OneJsonOption = False,
    report: ReportOption = None,
) -> None:
    """Compare models on the same images: each one's figures, and differences with intervals and tests by patient.

    A difference is the other model's figure minus the reference's. Files of other images, truths, labels or protocols
    are refused. Sensitivity and specificity are compared only at points from --validation or --threshold.
    Each file of held-out images that was not judged before is counted in the ledger before anything is shown.
    """
    named = named_files(files)
    stated = StatedScores(
        protocol=protocol, truth=truth, score=score, patient=patient_column, design=stated_design(design)
    )
    given = read_models(named, split=split, stated=stated)
    models = same_images(
        given,
        common_labels=common_labels,
        any_protocol=any_protocol,
        files={name: str(path) for name, path in named.items()},
    )
    points = read_points(
        models,
        validation=validation or [],
        validation_split=validation_split,
        thresholds=threshold or [],
        sensitivity=sensitivity,
        stated=replace(stated, design=None, split="validation"),
    )
    result = compare(
        models,
        reference=reference,
        all_pairs=pairs is Pairs.ALL,
        points=points,
        margin=margin,
        replicates=replicates,
    )
    looks = _record(result, given=given, named=named, ledger=ledger_path(ledger))
    if report is not None:
        say(f"Wrote {REPORT_COMPARISON.load()(result, models=models, folder=report)}")
    if looks is not None:
        say(looks.in_words_of_all())
    if as_json:
        typer.echo(json.dumps(comparison_json(result), indent=2, allow_nan=False))
        return
    output_console().print(comparison_tables(result))
    for caution in result.cautions:
        say_caution(caution)


def _record(
    result: Comparison, *, given: Mapping[str, Predictions], named: Mapping[str, Path], ledger: Path
) -> Looks | None:
    """One look for each file; the count after the last of them, None where no image is held out."""
    looks = None
    for model, predictions in given.items():
        found = compared_fields(result, model=model, predictions=predictions)
        looks = record_predictions(predictions, found=found, name=named[model].name, ledger=ledger)
    return looks

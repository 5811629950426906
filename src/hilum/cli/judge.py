"""`hilum judge`: anybody's predictions, judged one way; needs no torch."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from hilum.cli.commands import REPORT_JUDGEMENT
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
from hilum.cli.options.prevalences import stated_prevalences
from hilum.cli.terminal.console import output_console
from hilum.cli.terminal.judgement_table import judgement_tables
from hilum.cli.terminal.say import say, say_caution
from hilum.datasets.records.held_out import part_role
from hilum.evaluation.bundles.ledger import ledger_path
from hilum.evaluation.bundles.look import record_predictions, result_fields
from hilum.evaluation.judging.calibrators import METHODS
from hilum.evaluation.judging.judge import judge
from hilum.evaluation.judging.judgement_json import judgement_json
from hilum.evaluation.predictions.anybodys_scores import StatedScores, read_scores, where_it_says_none
from hilum.evaluation.predictions.overlap import overlap_caution
from hilum.evaluation.predictions.patient_bootstrap import REPLICATES
from hilum.evaluation.predictions.predictions import Predictions
from hilum.evaluation.predictions.validation import ValidationPredictions

app = typer.Typer(
    help="Judge a predictions file: every label with intervals by patient.",
    epilog=(
        "[bold]Examples[/]\n\nhilum judge scores.csv --protocol 'our test set, split by patient'\n\n"
        "hilum judge test.parquet\n\nhilum judge test.parquet --json\n\n"
        "hilum judge test.parquet --validation val.parquet --prevalence Effusion=0.05"
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command("judge")
def judge_file(
    predictions: Annotated[
        Path, typer.Argument(metavar="PREDICTIONS", help="Truths and scores: a CSV, or Parquet of pandas or hilum.")
    ],
    *,
    protocol: ProtocolOption = None,
    truth: TruthOption = None,
    score: ScoreOption = None,
    patient_column: PatientsOption = None,
    validation: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Predictions of other patients, on which operating points are chosen; else the validation split of "
            "PREDICTIONS, where it has one.",
        ),
    ] = None,
    sensitivity: SensitivityOption = None,
    prevalence: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]SHARE", help="Give predictive values at this prevalence too; may come again."),
    ] = None,
    calibration: Annotated[
        str | None, typer.Option(metavar="METHOD", help=f"Fit {', '.join(METHODS)} on validation, and show the gain.")
    ] = None,
    split: Annotated[str | None, typer.Option(help="Which split to judge, where the file holds several.")] = None,
    validation_split: Annotated[str | None, typer.Option(help="Which split of the validation file to use.")] = None,
    design: DesignOption = None,
    ledger: LedgerOption = None,
    replicates: ReplicatesOption = REPLICATES,
    as_json: OneJsonOption = False,
    report: ReportOption = None,
) -> None:
    """Judge PREDICTIONS: AUROC and average precision with intervals by patient, Brier score, calibration, subgroups.

    Decisions are judged only at operating points from a --validation file of other patients. An evaluation of
    held-out images that were not judged before is counted in the ledger before anything is shown.
    """
    stated = StatedScores(
        protocol=protocol, truth=truth, score=score, patient=patient_column, design=stated_design(design)
    )
    judged, chosen_on = _parts(
        read_scores(predictions, stated=stated, say=say),
        split=split,
        validation_split=validation_split,
        alone=validation is None,
    )
    if validation is not None:
        there = read_scores(validation, stated=_of_validation(stated, path=validation), say=say)
        chosen_on = ValidationPredictions(there.one_split(validation_split))
    every, named = stated_prevalences(prevalence or [])
    result = judge(
        judged,
        validation=chosen_on,
        sensitivity=sensitivity,
        calibration=calibration,
        prevalence=every,
        prevalences=named,
        replicates=replicates,
    )
    found = result_fields(result, predictions=judged)
    looks = record_predictions(judged, found=found, name=predictions.name, ledger=ledger_path(ledger))
    if report is not None:
        page = REPORT_JUDGEMENT.load()(judged, judgement=result, name=predictions.stem, folder=report)
        say(f"Wrote {page}")
    if looks is not None:
        say(looks.in_words())
    if as_json:
        typer.echo(json.dumps(judgement_json(result), indent=2, allow_nan=False))
        return
    output_console().print(judgement_tables(result))
    said = overlap_caution(result.overlap)
    if said is not None:
        say_caution(said)


def _parts(
    rows: Predictions, *, split: str | None, validation_split: str | None, alone: bool
) -> tuple[Predictions, ValidationPredictions | None]:
    """What is judged, and the validation part of the same file, where no other file is given.

    A file with one split that is held out and one for validation needs no words; else the options name them.
    """
    if not alone or rows.cross_validated:
        return rows.one_split(split), None
    roles = {name: part_role(name) for name in sorted(set(rows.split))}
    held_out = [name for name, role in roles.items() if role == "held out"]
    to_choose_on = [name for name, role in roles.items() if role == "validation" and name != split]
    if split is None and len(held_out) == 1 and len(to_choose_on) == 1:
        split = held_out[0]
    if validation_split is None and split in held_out and len(to_choose_on) == 1:
        validation_split = to_choose_on[0]
    if validation_split is None:
        return rows.one_split(split), None
    say(f"judged: {split}; operating points from: {validation_split}")
    return rows.one_split(split), ValidationPredictions(rows.one_split(validation_split))


def _of_validation(stated: StatedScores, *, path: Path) -> StatedScores:
    """What holds of the validation file: all that holds of the other one, unless the file says its own protocol."""
    return where_it_says_none(replace(stated, split="validation"), path=path)

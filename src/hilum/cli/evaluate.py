"""`hilum evaluate`: read a split with a model and judge it; a look at a test split is written into the ledger."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.text import Text

from hilum.bundle.load import load_bundle
from hilum.bundle.shelf import SHIPPED_LUNGS
from hilum.cli.options.completion import data_option
from hilum.cli.options.data import (
    ImageColumnOption,
    PatientColumnOption,
    PatientPatternOption,
    RsnaOption,
    read_as_trained,
)
from hilum.cli.options.judging import JudgedArgument, LungsOption, ReplicatesOption
from hilum.cli.options.ledger import LedgerOption
from hilum.cli.options.models import choose_bundle
from hilum.cli.options.split import asked_split
from hilum.cli.terminal.console import output_console
from hilum.cli.terminal.judgement_table import judgement_tables
from hilum.cli.terminal.say import say, say_caution, say_images_read
from hilum.datasets.own.columns import StatedColumns
from hilum.datasets.releases.chexpert import ChexpertPolicy
from hilum.errors import UsageError
from hilum.evaluation.bundles.evaluate import EvaluationSettings, JudgedPart, evaluate_part, judge_part
from hilum.evaluation.bundles.ledger import ledger_path
from hilum.evaluation.bundles.part import official_part, part_of_run
from hilum.evaluation.bundles.run_folder import is_run, load_run
from hilum.evaluation.judging.sharpness import BASELINE
from hilum.evaluation.predictions.estimate_text import estimate_text
from hilum.evaluation.predictions.patient_bootstrap import REPLICATES
from hilum.systems.chest14.urinbayev2020_table3 import REPRODUCTIONS

_say_progress = partial(say_images_read, every=1000)
EVALUATION = "evaluation"
"""The folder of a run that holds an evaluation of each split."""

app = typer.Typer(
    help="Judge a model on a split of the data, and write its predictions and a report.",
    epilog=(
        "[bold]Examples[/]\n\nhilum evaluate pneumonia-paediatric --data kermany=chest_xray\n\n"
        "hilum evaluate runs/chest14 --data nih=ChestXray14 --split validation --out reports/chest14-validation\n\n"
        "hilum evaluate runs/mine --data labels.csv --split validation\n\n"
        "hilum evaluate runs/chest14 --data nih=ChestXray14 --split test"
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def evaluate(
    model: JudgedArgument,
    *,
    data: Annotated[
        list[str],
        data_option(
            "Where a data set lies, or a table (CSV) or class folders of your own; once for each, as in training."
        ),
    ],
    split: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="A part of the run's split; of another model an official part of the data, or all. [dim]default: "
            "test, or the only one[/]",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where predictions.parquet, the report and its files go; of a run by default RUN/evaluation/SPLIT.",
        ),
    ] = None,
    ledger: LedgerOption = None,
    prevalence: Annotated[float | None, typer.Option(help="Give predictive values at this prevalence too.")] = None,
    gallery: Annotated[
        bool,
        typer.Option("--gallery/--no-gallery", help="Draw the most confident errors, which are patients' pictures."),
    ] = True,
    lungs: LungsOption = SHIPPED_LUNGS,
    image_column: ImageColumnOption = None,
    patient_column: PatientColumnOption = None,
    patient_pattern: PatientPatternOption = None,
    replicates: ReplicatesOption = REPLICATES,
    rsna: RsnaOption = None,
    allow_overlap: Annotated[
        bool,
        typer.Option(
            "--allow-overlap",
            help="Judge a test all the same where the model was trained on some of its images.",
        ),
    ] = False,
) -> None:
    """Read a split with MODEL and judge it at the model's own operating points.

    After a stop the same command goes on. Each evaluation of held-out images stands in the ledger, its intent
    before the first of them is read. Of a model that is no run, without --out, the result is printed and no report
    written.
    """
    run = load_run(Path(model)) if is_run(Path(model)) else None
    if prevalence is not None and not 0.0 < prevalence < 1.0:
        raise UsageError(f"A prevalence lies between 0 and 1; --prevalence {prevalence:g} does not")
    policy = None if run is None else ChexpertPolicy.of_settings(run.file.settings)
    bundle = choose_bundle(model) if run is None else load_bundle(run.bundle_folder)
    columns = StatedColumns(image=image_column, patient=patient_column, wanted=bundle.card.label_names)
    mixed = read_as_trained(data, chexpert=policy, columns=columns, patient_pattern=patient_pattern, rsna=rsna)
    name = asked_split(split, run=run, records=mixed.records)
    if run is None:
        part = official_part(mixed.records, bundle=bundle, name=name, left_out=mixed.left_out)
    else:
        part = part_of_run(
            run, records=mixed.records, name=name, labels=bundle.card.label_names, left_out=mixed.left_out
        )
    settings = EvaluationSettings(
        prevalence=prevalence,
        replicates=replicates,
        gallery=gallery,
        allow_overlap=allow_overlap,
        published=REPRODUCTIONS,
    )
    drawn_by = choose_bundle(lungs) if "lungs" in bundle.card.needs - bundle.card.brings else None
    counted = ledger_path(ledger)
    if run is None and out is None:
        with TemporaryDirectory(prefix="hilum-") as scratch:  # for the journal, of which nothing has to stay
            judged = judge_part(
                bundle,
                part=part,
                folder=Path(scratch),
                ledger=counted,
                settings=settings,
                progress=_say_progress,
                lungs=drawn_by,
                scratch=True,
            )
        _show(judged)
        return
    evaluated = evaluate_part(
        bundle,
        part=part,
        run=run,
        folder=out or Path(model) / EVALUATION / name,
        ledger=counted,
        settings=settings,
        progress=_say_progress,
        lungs=drawn_by,
    )
    _show(evaluated.judged)
    say(f"Wrote {evaluated.predictions_path} and {evaluated.report.page}")


def _show(judged: JudgedPart) -> None:
    for caution in judged.part.cautions:
        say_caution(caution)
    output_console().print(judgement_tables(judged.judgement))
    if judged.baseline is not None:
        output_console().print(Text(f"AUROC of the baseline, {BASELINE}: {estimate_text(judged.baseline)}"))
    for exclusion in judged.predicted.exclusions:
        if exclusion.reason == "could not be read":
            say(f"left out {exclusion.image}: {exclusion.detail}")
    if judged.looks is not None:
        say(judged.looks.in_words())

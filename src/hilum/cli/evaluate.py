"""`hilum evaluate`: read a split with a model and judge it; a look at a test split is written into the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from hilum.bundle.load import load_bundle
from hilum.cli.choose_models import SHIPPED_LUNGS, choose_bundle
from hilum.cli.console import output_console
from hilum.cli.data_folders import RsnaOption, read_release
from hilum.cli.judgement_table import judgement_tables
from hilum.cli.patient_pattern import PatientPatternOption
from hilum.cli.read_releases import read_releases
from hilum.cli.say import say
from hilum.datasets.chexpert import ChexpertPolicy
from hilum.errors import UsageError
from hilum.evaluation.asked_part import official_part, part_of_run
from hilum.evaluation.estimate_text import remarks
from hilum.evaluation.evaluate_run import EvaluationSettings, evaluate_part
from hilum.evaluation.ledger import LEDGER_NAME, read_ledger
from hilum.evaluation.look import Judged, look_at_test
from hilum.evaluation.overlap import overlap_caution
from hilum.evaluation.patient_bootstrap import REPLICATES
from hilum.evaluation.run_folder import is_run, load_run
from hilum.statistics.estimate import Estimate
from hilum.statistics.outcomes import UndefinedMetric

TEST = "test"
_SAID_EVERY = 1000
EVALUATION = "evaluation"
"""The folder of a run that holds an evaluation of each split."""

app = typer.Typer(
    help="Judge a model on a split of the data, and write its predictions and a report.",
    epilog=(
        "[bold]Examples[/]\n\nhilum evaluate pneumonia-paediatric --data kermany=chest_xray\n\n"
        "hilum evaluate runs/chest14 --data nih=ChestXray14 --split validation --out reports/chest14-validation\n\n"
        "hilum evaluate runs/chest14 --data nih=ChestXray14 --split test"
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def evaluate(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A name on the shelf, a bundle's folder, or a run of `hilum train`.")
    ],
    *,
    data: Annotated[
        list[str], typer.Option(metavar="NAME=FOLDER", help="Where a release lies; once for each, as in training.")
    ],
    split: Annotated[
        str, typer.Option(help="A part of the run's split; for a bundle an official part of the release, or `all`.")
    ] = TEST,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where predictions.parquet, the report and its files go; of a run by default RUN/evaluation/SPLIT.",
        ),
    ] = None,
    ledger: Annotated[Path, typer.Option(help="The committed file that counts the looks.")] = Path(LEDGER_NAME),
    prevalence: Annotated[float | None, typer.Option(help="Give predictive values at this prevalence too.")] = None,
    gallery: Annotated[
        bool,
        typer.Option("--gallery/--no-gallery", help="Draw the most confident errors, which are patients' pictures."),
    ] = True,
    lungs: Annotated[
        str,
        typer.Option(
            metavar="BUNDLE", help="For a model that reads the crop to the lungs: what drew the lungs in its training."
        ),
    ] = SHIPPED_LUNGS,
    patient_pattern: PatientPatternOption = None,
    replicates: Annotated[int, typer.Option(min=100, help="Bootstrap replicates.")] = REPLICATES,
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

    After a stop the same command goes on. Each look at a test split is one line of the ledger. Of a model that is no
    run, without --out the official test split of kermany is judged on the terminal, and nothing else is written.
    """
    run = load_run(Path(model)) if is_run(Path(model)) else None
    if out is None and run is None:
        _on_the_terminal(model, data=data, split=split, ledger=ledger, allow_overlap=allow_overlap)
        return
    if prevalence is not None and not 0.0 < prevalence < 1.0:
        raise UsageError(f"expected --prevalence between 0 and 1, came {prevalence:g}")
    policy = None if run is None else ChexpertPolicy.of_settings(run.file.settings)
    mixed = read_releases(data, chexpert=policy, patient_pattern=patient_pattern, rsna=rsna)
    if run is None:
        bundle = choose_bundle(model)
        part = official_part(mixed.records, bundle=bundle, name=split, left_out=mixed.left_out)
    else:
        bundle = load_bundle(run.bundle_folder)
        part = part_of_run(
            run, records=mixed.records, name=split, labels=bundle.card.label_names, left_out=mixed.left_out
        )
    evaluated = evaluate_part(
        bundle,
        part=part,
        run=run,
        folder=out or Path(model) / EVALUATION / split,
        ledger=ledger,
        settings=EvaluationSettings(
            prevalence=prevalence, replicates=replicates, gallery=gallery, allow_overlap=allow_overlap
        ),
        progress=_say_progress,
        lungs=choose_bundle(lungs) if bundle.card.preprocess.needs_lungs else None,
    )
    output_console().print(judgement_tables(evaluated.judgement))
    for caution in evaluated.cautions:
        say(f"caution: {caution}")
    for exclusion in evaluated.predicted.exclusions:
        if exclusion.reason == "could not be read":
            say(f"left out {exclusion.image}: {exclusion.detail}")
    looks = "" if evaluated.looks is None else f"; looks in the ledger: {evaluated.looks}"
    say(f"wrote {evaluated.predictions_path} and {evaluated.report.page}{looks}")


def _say_progress(done: int, count: int) -> None:
    if done in (0, count) or done % _SAID_EVERY == 0:
        say(f"read {done:,} of {count:,} images")


def _on_the_terminal(model: str, *, data: list[str], split: str, ledger: Path, allow_overlap: bool) -> None:
    if split != TEST:
        raise UsageError("expected --out FOLDER for the predictions and the report, came none")
    judged = look_at_test(
        read_release(data, release="kermany"), bundle=choose_bundle(model), ledger=ledger, allow_overlap=allow_overlap
    )
    said = overlap_caution(judged[0].overlap)
    if said is not None:
        say(f"caution: {said}")
    for one in judged:
        output_console().print(_table(one, looks=len(read_ledger(ledger))))
        output_console().print(Text(one.calibration.in_words))


def _table(judged: Judged, *, looks: int) -> Table:
    result = judged.table
    table = Table(
        title=f"{judged.label}: official test, n = {result.n}, positives = {result.positives}",
        caption=f"95% intervals by patient. Looks in the ledger: {looks}.",
    )
    table.add_column("measure")
    table.add_column("value", justify="right")
    table.add_column("95% interval", justify="right")
    for name, estimate in (
        ("AUROC", result.auroc),
        ("sensitivity", result.sensitivity),
        ("specificity", result.specificity),
        ("balanced accuracy", result.balanced_accuracy),
        ("AUROC of the mean-gradient baseline", result.baseline_auroc),
    ):
        table.add_row(name, f"{estimate.value:.3f}", _interval(estimate))
    table.add_row("average precision", f"{result.average_precision:.3f}", "")
    fit = judged.calibration.fit
    for name, number in (
        ("mean stated minus observed", fit.mean_difference),
        ("calibration in the large (log odds)", fit.in_the_large),
        ("calibration slope", fit.slope),
    ):
        if isinstance(number, UndefinedMetric):
            table.add_row(name, "–", number.reason)
        else:
            table.add_row(name, f"{number.value:.3f}", _interval(number))
    table.add_row("Brier score", f"{judged.brier:.3f}", "")
    return table


def _interval(estimate: Estimate) -> str:
    if estimate.interval is None:
        return f"none: {estimate.note}"
    remark = remarks(estimate)
    return f"{estimate.interval[0]:.3f} to {estimate.interval[1]:.3f}" + (f" ({remark})" if remark else "")

"""`hilum localise`: the heatmaps of a model beside boxes that radiologists drew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hilum.bundle.load import Bundle, load_bundle
from hilum.bundle.shelf import SHIPPED_LUNGS
from hilum.cli.commands import FAITHFULNESS, KEEP_MAPS, MAPS_OF_NETWORK, RANDOM_LABELS, RANDOM_WEIGHTS
from hilum.cli.options.completion import boxed_data_sets
from hilum.cli.options.data import RsnaOption, read_as_trained
from hilum.cli.options.judging import JudgedArgument, LungsOption, ReplicatesOption
from hilum.cli.options.ledger import LedgerOption
from hilum.cli.options.models import choose_bundle
from hilum.cli.terminal.console import output_console
from hilum.cli.terminal.localisation_table import localisation_tables
from hilum.cli.terminal.say import say, say_caution, say_images_read
from hilum.datasets.records.label_values import own_label
from hilum.errors import UsageError
from hilum.evaluation.bundles.ledger import ledger_path
from hilum.evaluation.bundles.needed_lungs import needed_lungs
from hilum.evaluation.bundles.part import EVERY
from hilum.evaluation.bundles.run_folder import Run, is_run, load_run
from hilum.evaluation.localisation.cases import ChosenCases
from hilum.evaluation.localisation.localise import THRESHOLDS, LocalisationSettings, Localised
from hilum.evaluation.localisation.maps import BundleMaps, MapSource
from hilum.evaluation.localisation.run import BoxedPart, localise_part
from hilum.evaluation.localisation.tables import titles_of
from hilum.evaluation.predictions.patient_bootstrap import REPLICATES
from hilum.evaluation.study.section import SectionContent

_say_progress = partial(say_images_read, every=100)
LOCALISATION = "localisation"
"""The folder of a run that holds its localisation."""

app = typer.Typer(
    help="Judge a model's heatmaps beside boxes that were drawn, with a report.",
    epilog=(
        "[bold]Examples[/]\n\nhilum localise runs/chest14 --boxes nih=ChestXray14\n\n"
        "hilum localise pneumonia-paediatric --boxes boxes=mine/ --out localised/\n\n"
        "hilum localise runs/chest14 --boxes vindr_cxr=vindr-cxr --label 'Nodule/mass=Nodule' --split test"
    ),
    rich_markup_mode="rich",
    add_completion=False,
)


@app.command()
def localise(
    model: JudgedArgument,
    *,
    boxes: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=FOLDER",
            autocompletion=boxed_data_sets,
            help="Where images with boxes lie: nih, vindr_cxr, vindr_pcxr, rsna, or boxes for a boxes.csv of your own.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where page, JSON, tables and pictures go; of a run by default RUN/localisation."
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Another map than the model's own, made by torch: grad-cam, grad-cam++, layer-cam, layer-cam-finer, "
            "score-cam, occlusion, and of a DenseNet pre-relu-grad-cam, pre-relu-xgrad-cam, pre-relu-grad-cam++; may "
            "come again.",
        ),
    ] = None,
    threshold: Annotated[
        list[float] | None,
        typer.Option(
            help="The share of a map's positive maximum that its box encloses, fixed beforehand; may come again. "
            f"[dim]default: {THRESHOLDS[0]:g}[/]",
            show_default=False,
        ),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BOXES=MODEL", help="A label of the boxes that the model calls otherwise; may come again."
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="An official part of the data, or all.")] = EVERY,
    most: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most N images of each label, by a fixed seed.")
    ] = None,
    ledger: LedgerOption = None,
    gallery: Annotated[
        bool,
        typer.Option("--gallery/--no-gallery", help="Draw a few images of each label, which are patients' pictures."),
    ] = True,
    lungs: LungsOption = SHIPPED_LUNGS,
    replicates: ReplicatesOption = REPLICATES,
    faithfulness: Annotated[
        bool,
        typer.Option(
            "--faithfulness",
            help="Ask the model again without what its maps mark: deletion, insertion and ROAD. About 50 passes a map.",
        ),
    ] = False,
    random_weights: Annotated[
        bool,
        typer.Option("--random-weights", help="With --method: compare with maps of the network with random weights."),
    ] = False,
    random_labels: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN", help="Compare with maps of a run that was trained by the recipe with `--permuted-labels`."
        ),
    ] = None,
    checked: Annotated[
        int, typer.Option(min=1, metavar="N", help="Images of each label for the last three, by a hash of their files.")
    ] = 20,
    rsna: RsnaOption = None,
    allow_overlap: Annotated[
        bool,
        typer.Option(
            "--allow-overlap",
            help="Judge held-out images all the same where the model was trained on some of them.",
        ),
    ] = False,
) -> None:
    """Set the heatmaps of MODEL beside drawn boxes: IoU, IoBB, hit rates and the pointing game of each label.

    Beside them stand an even map and the average box of other patients: a map that points where lesions usually are has
    not found one. Images without boxes are not read. Each evaluation of held-out images stands in the ledger, its
    intent before the first of them is read.
    """
    settings = LocalisationSettings(
        thresholds=tuple(threshold or THRESHOLDS), replicates=replicates, drawn=2 if gallery else 0
    )
    same = _same(label or ())
    run = load_run(Path(model)) if is_run(Path(model)) else None
    folder = out or (None if run is None else run.folder / LOCALISATION)
    if folder is None:
        raise UsageError(f"Missing option: --out FOLDER; {model} is no run of `hilum train`, which would hold them")
    bundle = choose_bundle(model) if run is None else load_bundle(run.bundle_folder)
    records = read_as_trained(boxes, rsna=rsna).records
    asked = BoxedPart(
        records=tuple(one for one in records if split == EVERY or (one.official or "").casefold() == split.casefold()),
        same=same,
        most=most,
        allow_overlap=allow_overlap,
    )
    if not asked.records:
        there = ", ".join(sorted({one.official for one in records if one.official})) or "none"
        raise UsageError(f"The data have no part {split!r}. Available: {there}, and {EVERY}")
    source = _source(bundle, run=run, methods=method or (), lungs=lungs)
    if random_weights and not method:
        raise UsageError("Missing option: --method NAME; --random-weights makes the network of its maps random")
    checks = _Checks(
        bundle=bundle,
        source=source,
        settings=settings,
        most=checked,
        faithfulness=faithfulness,
        random_weights=random_weights,
        other=None if random_labels is None else _other(random_labels, methods=method or (), lungs=lungs),
    )
    localised = localise_part(
        bundle,
        asked=asked,
        source=source,
        folder=folder,
        ledger=ledger_path(ledger),
        settings=settings,
        progress=_say_progress,
        more=checks.sections,
    )
    for caution in localised.part.cautions:
        say_caution(caution)
    output_console().print(localisation_tables(localised.figures, titles=titles_of(source.methods)))
    if localised.looks is not None:
        say(localised.looks.in_words())
    say(f"Wrote {localised.page}")


def _source(bundle: Bundle, *, run: Run | None, methods: Sequence[str], lungs: str) -> MapSource:
    """Who draws: the bundle as it reads, or the torch network behind it by other methods."""
    if methods:
        source: MapSource = MAPS_OF_NETWORK.load(asked_by="--method")(bundle, run=run, methods=methods)
        return source
    needs = "lungs" in bundle.card.needs - bundle.card.brings
    return BundleMaps(bundle, lungs=needed_lungs(bundle, given=choose_bundle(lungs) if needs else None))


def _other(folder: Path, *, methods: Sequence[str], lungs: str) -> MapSource:
    """Who draws the maps of the run with random labels, in the same ways."""
    run = load_run(folder)
    return _source(load_bundle(run.bundle_folder), run=run, methods=methods, lungs=lungs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checks:
    """What is asked for beside boxes."""

    bundle: Bundle
    source: MapSource
    settings: LocalisationSettings
    most: int
    faithfulness: bool
    random_weights: bool
    other: MapSource | None

    def sections(self, chosen: ChosenCases, found: Localised) -> list[SectionContent]:
        """A section of the page for each."""
        del found
        sections = []
        if self.faithfulness:
            say("asking again of pictures without what maps mark")
            sections.append(
                FAITHFULNESS.load()(
                    self.bundle,
                    chosen=chosen,
                    source=self.source,
                    most=self.most,
                    settings=self.settings,
                    progress=_say_progress,
                )
            )
        if self.random_weights or self.other is not None:
            say("drawing maps of networks that learnt nothing")
            kept = KEEP_MAPS.load()(chosen, source=self.source, most=self.most, settings=self.settings)
            told = {"own": kept, "most": self.most, "settings": self.settings}
            if self.random_weights:
                sections.append(RANDOM_WEIGHTS.load()(chosen, source=self.source, **told))
            if self.other is not None:
                sections.append(RANDOM_LABELS.load()(chosen, other=self.other, **told))
        return sections


def _same(words: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in words:
        box, equals, model = word.partition("=")
        if not equals or not box or not model:
            raise UsageError(f"--label {word!r} has no two names; say BOXES=MODEL, such as 'Nodule/mass=Nodule'")
        found[own_label(box)] = own_label(model)
    return found

"""The study of the gate from Python: networks that are judged on what they never saw, their tables and page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from hilum.datasets.records.record import Record
from hilum.errors import UsageError
from hilum.evaluation.study.as_json import STUDY_NAME
from hilum.option import NO_OPTIONS, NoOptions
from hilum.progress import SILENT, Progress
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.gate.data.releases import read_gate_data
from hilum.systems.gate.folds import GATE_FORMAT, PlannedNetwork, gate_arm, planned_networks
from hilum.systems.gate.groups import capped, patients_left_over
from hilum.systems.gate.pictures import load_pictures
from hilum.systems.gate.recipe import GateRecipe
from hilum.systems.gate.shipped import gate, smoke
from hilum.systems.gate.study.page import write_gate_page
from hilum.systems.gate.study.study import make_study, write_study
from hilum.training.recipe.smoke import few_of_each
from hilum.training.records.request import StudyRequest
from hilum.training.records.run_place import RunPlace
from hilum.training.records.run_record import make_record
from hilum.training.run_study import run_study

SMOKE_EACH = 8
"""How many records of each source and type a smoke study takes: enough for every fold to have some."""

PROTOCOL = "networks of five folds, and without types or sources, each judged on what it never saw"


def study_gate(*, request: StudyRequest, own: NoOptions = NO_OPTIONS, progress: Progress = SILENT) -> None:
    """Train every network of the study that is not trained yet, and write the tables and the page.

    Raises `UsageError` where the folder holds another study, and without networks where there is nothing to tabulate.
    """
    made = gate(request.start)
    recipe = smoke(made) if request.smoke else made
    records = gate_records(request)
    used = capped(records, caps=recipe.caps, seed=recipe.seed)
    apart = patients_left_over(records, used=used)

    def begin(name: str, plan: PlannedNetwork) -> None:
        progress.say(f"{name}: {len(plan.train):,} pictures to learn from, {len(plan.judge):,} to be judged on")

    run_study(
        () if request.tables_only else (gate_arm(recipe),),
        folds={} if request.tables_only else _planned(used, apart, recipe=recipe, place=request.place),
        kept=GATE_FORMAT,
        record=make_record(
            recipe, records=(*used, *apart), provenance=request.provenance(own), protocol=PROTOCOL, smoke=request.smoke
        ),
        place=request.place,
        begin=begin,
        tabulate=partial(_write_tables, request, progress=progress),
    )


def gate_records(request: StudyRequest) -> tuple[Record, ...]:
    """The records of all releases in the one folder of the request, few of each kind in a smoke study."""
    records = read_gate_data(request.only_folder()).records
    return few_of_each(records, each=SMOKE_EACH) if request.smoke else records


def _planned(
    records: Sequence[Record], apart: Sequence[Record], *, recipe: GateRecipe, place: RunPlace
) -> dict[str, PlannedNetwork]:
    pictures, others = (
        load_pictures(each, spec=recipe.preprocess, preparation=place.preparation) for each in (records, apart)
    )
    return {plan.name: plan for plan in planned_networks(pictures, other_patients=others, recipe=recipe)}


def _write_tables(request: StudyRequest, *, progress: Progress) -> None:
    paths = sorted(request.out.glob(f"*/*{GATE_FORMAT.suffix}"))
    if not paths:
        raise UsageError(f"Run the study without --tables-only first: there are no predictions in {request.out}")
    result = make_study([GATE_FORMAT.load(path) for path in paths])
    write_study(result, folder=request.out)
    if isinstance(result.spec, UndefinedMetric):
        progress.say(f"no thresholds could be chosen: {result.spec.reason}")
    page = write_gate_page(result, folder=request.out, data=request.only_folder())
    progress.say(f"wrote {request.out / STUDY_NAME} and {page}")

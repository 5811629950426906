"""`hilum study gate` and `hilum study gate-paper5`: networks that are judged on what they never saw."""

from __future__ import annotations

import json
from dataclasses import replace

from hilum.cli.study.request import StudyRequest
from hilum.cli.terminal.say import say
from hilum.datasets.records.record import Record
from hilum.errors import UsageError
from hilum.evaluation.study.as_json import STUDY_NAME
from hilum.networks.starting_weights import starting_weights
from hilum.systems.gate.data.releases import read_gate_data
from hilum.systems.gate.folds import PREDICTIONS, planned_networks, run_network
from hilum.systems.gate.groups import capped
from hilum.systems.gate.paper5 import paper5, records_of_module
from hilum.systems.gate.paper5 import smoke as smoke_module
from hilum.systems.gate.paper5_training import PaperResult, paper_split, run_paper_module
from hilum.systems.gate.pictures import load_pictures
from hilum.systems.gate.shipped import gate
from hilum.systems.gate.shipped import smoke as smoke_gate
from hilum.systems.gate.study.page import write_gate_page
from hilum.systems.gate.study.study import make_study, write_study
from hilum.training.recipe.smoke import few_of_each
from hilum.training.records.hold_run import hold_run
from hilum.training.records.run_record import begin_run, make_record
from hilum.whole_files import write_whole

GATE, GATE_PAPER5 = "gate", "gate-paper5"
SMOKE_EACH = 8
"""How many records of each source and type a smoke study takes: enough for every fold to have some."""


def study_gate(request: StudyRequest) -> None:
    """Train every network of the study that is not trained yet, and write the tables and the page.

    Raises `UsageError` where the folder holds another study, and without networks where there is nothing to tabulate.
    """
    with hold_run(request.out):
        if not request.tables_only:
            _run_networks(request)
        paths = sorted(request.out.glob(f"*/{PREDICTIONS}"))
        if not paths:
            raise UsageError(f"run the study without --tables-only first: there are no predictions in {request.out}")
        result = make_study(paths)
        write_study(result, folder=request.out)
        page = write_gate_page(result, folder=request.out, data=request.data)
    say(f"wrote {request.out / STUDY_NAME} and {page}")


def study_gate_paper5(request: StudyRequest) -> None:
    """Train paper 5's two modules where they are not trained yet, and count on their test parts."""
    if request.tables_only:
        raise UsageError(f"leave --tables-only out: the study {GATE_PAPER5} has no tables of its own")
    records = _records(request)
    results = {}
    with hold_run(request.out):
        for module in paper5(starting_weights(request.weights)):
            chosen = smoke_module(module) if request.smoke else module
            split = paper_split(records_of_module(records, module=chosen), module=chosen)
            place = replace(request.place(), folder=request.out / chosen.name)
            pictures = [record for part in split.parts.values() for record in part]
            begun = make_record(
                chosen,
                records=pictures,
                provenance=request.provenance(),
                protocol=split.protocol,
                smoke=request.smoke,
            )
            place.folder.mkdir(exist_ok=True)
            begin_run(place.folder, record=begun, results="*.ckpt")
            result = run_paper_module(
                chosen, split=split, folder=place.folder, machine=place.machine, preparation=place.preparation
            )
            say(f"{chosen.name}: accuracy {result.accuracy:.3f} on {int(result.confusion.sum()):,} pictures")
            results[chosen.name] = _fields(result, smoke=request.smoke)
        write_whole(request.out / STUDY_NAME, (json.dumps(results, indent=1) + "\n").encode())
    say(f"wrote {request.out / STUDY_NAME}")


def _fields(result: PaperResult, *, smoke: bool) -> dict[str, object]:
    return {
        "smoke": smoke,
        "classes": result.classes,
        "confusion": result.confusion.tolist(),
        "accuracy": result.accuracy,
        "protocol": result.protocol,
    }


def _records(request: StudyRequest) -> tuple[Record, ...]:
    records = read_gate_data(request.data).records
    return few_of_each(records, each=SMOKE_EACH) if request.smoke else records


def _run_networks(request: StudyRequest) -> None:
    made = gate(starting_weights(request.weights))
    recipe = smoke_gate(made) if request.smoke else made
    records = capped(_records(request), caps=recipe.caps, seed=recipe.seed)
    protocol = "networks of five folds, and without types or sources, each judged on what it never saw"
    begun = make_record(
        recipe, records=records, provenance=request.provenance(), protocol=protocol, smoke=request.smoke
    )
    begin_run(request.out, record=begun, results=f"*/{PREDICTIONS}")
    place = request.place()
    pictures = load_pictures(records, spec=recipe.preprocess, preparation=place.preparation)
    for plan in planned_networks(pictures, recipe=recipe):
        say(f"{plan.name}: {len(plan.train):,} pictures to learn from, {len(plan.judge):,} to be judged on")
        run_network(plan, recipe=recipe, place=place)

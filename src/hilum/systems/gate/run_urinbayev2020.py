"""Urinbayev et al. 2020's two modules from Python: trained as published, and counted on their test parts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from hilum.datasets.records.record import Record
from hilum.errors import UsageError
from hilum.evaluation.study.as_json import STUDY_NAME
from hilum.option import NO_OPTIONS, NoOptions
from hilum.progress import SILENT, Progress
from hilum.systems.gate.run_study import gate_records
from hilum.systems.gate.urinbayev2020 import records_of_module, smoke, urinbayev2020
from hilum.systems.gate.urinbayev2020_training import PaperModule, PaperResult, paper_split, run_paper_module
from hilum.training.records.hold_run import hold_run
from hilum.training.records.request import StudyRequest
from hilum.training.records.run_record import begin_run, make_record
from hilum.whole_files import write_whole


def study_urinbayev2020(*, request: StudyRequest, own: NoOptions = NO_OPTIONS, progress: Progress = SILENT) -> None:
    """Train the modules where they are not trained yet, and count on their test parts.

    Raises `UsageError` for `tables_only`, and where a module's folder holds another run.
    """
    if request.tables_only:
        raise UsageError(f"Leave --tables-only out: the study {request.name} has no tables of its own")
    records = gate_records(request)
    results = {}
    with hold_run(request.out):
        for module in urinbayev2020(request.start):
            chosen = smoke(module) if request.smoke else module
            result = _run(chosen, records=records, request=request, own=own)
            progress.say(f"{chosen.name}: accuracy {result.accuracy:.3f} on {int(result.confusion.sum()):,} pictures")
            results[chosen.name] = _fields(result, smoke=request.smoke)
        write_whole(request.out / STUDY_NAME, (json.dumps(results, indent=1) + "\n").encode())
    progress.say(f"wrote {request.out / STUDY_NAME}")


def _run(module: PaperModule, *, records: Sequence[Record], request: StudyRequest, own: NoOptions) -> PaperResult:
    split = paper_split(records_of_module(records, module=module), module=module)
    place = replace(request.place, folder=request.out / module.name)
    begun = make_record(
        module,
        records=[record for part in split.parts.values() for record in part],
        provenance=request.provenance(own),
        protocol=split.protocol,
        smoke=request.smoke,
    )
    place.folder.mkdir(exist_ok=True)
    begin_run(place.folder, record=begun, results="*.ckpt")
    return run_paper_module(
        module, split=split, folder=place.folder, machine=place.machine, preparation=place.preparation
    )


def _fields(result: PaperResult, *, smoke: bool) -> dict[str, object]:
    return {
        "smoke": smoke,
        "classes": result.classes,
        "confusion": result.confusion.tolist(),
        "accuracy": result.accuracy,
        "protocol": result.protocol,
    }

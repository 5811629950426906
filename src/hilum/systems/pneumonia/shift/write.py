"""Write the study of the shift: predictions by arm and part, tables, numbers and page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hilum.evaluation.predictions.patient_bootstrap import REPLICATES, SMOKE_REPLICATES
from hilum.evaluation.report.subject import Facts
from hilum.evaluation.report.table import cell_text
from hilum.evaluation.study.as_json import STUDY_NAME
from hilum.evaluation.study.classifier_format import CLASSIFIER
from hilum.evaluation.study.section_study import SectionStudy, write_section_study
from hilum.evaluation.study.write import PREDICTIONS
from hilum.progress import Progress
from hilum.systems.pneumonia.shift.arms import ShiftArm
from hilum.systems.pneumonia.shift.judged import WAYS, judge_set
from hilum.systems.pneumonia.shift.judged_sets import SETS
from hilum.systems.pneumonia.shift.run_arm import ShiftData, readings_of, started_from
from hilum.systems.pneumonia.shift.sections import SetRecord, set_section
from hilum.training.records.provenance import Provenance, environment

NAME = "pneumonia-shift"
TITLE = "Pneumonia in children: recipes on a validation that is unlike the images learnt from"


def write_shift_study(
    arms: Sequence[ShiftArm], *, data: ShiftData, folder: Path, provenance: Provenance, progress: Progress
) -> None:
    """Judge what was kept of `arms` in the study's folder, and write it there."""
    replicates = SMOKE_REPLICATES if data.smoke else REPLICATES
    readings = {arm.name: readings_of(arm, data=data, folder=folder) for arm in arms}
    sections = []
    for name in SETS:
        judged = {
            way: {
                arm: judge_set(own, name=name, way=way, split=data.split, smoke=data.smoke, replicates=replicates)
                for arm, own in readings.items()
            }
            for way in WAYS
        }
        for arm, one in judged["picture"].items():
            CLASSIFIER.save(one.predictions, path=folder / PREDICTIONS / f"{arm}-{name}{CLASSIFIER.suffix}")
        images = next(iter(judged["picture"].values())).predictions.image
        record = SetRecord(
            name=name,
            judged=judged,
            titles={arm.name: arm.title for arm in arms},
            sharpness=np.array([data.sharpness[image] for image in images]),
        )
        sections.append(set_section(record, replicates=replicates))
    study = SectionStudy(
        name=NAME,
        title=TITLE,
        protocol=data.split.protocol,
        smoke=data.smoke,
        sections=tuple(sections),
        facts=_facts(arms, data=data, folder=folder, provenance=provenance),
        told={
            "split_sha256": data.split.sha256,
            "lungs_sha256": data.lungs_sha256,
            "command": provenance.command,
            "commit": provenance.commit,
            "environment": dict(environment()),
            "bootstrap": {"by": "patient", "replicates": replicates},
            "arms": {arm.name: arm.title for arm in arms},
        },
    )
    page = write_section_study(study, folder=folder)
    for section in sections:
        for title, _, _, balanced, *_ in section.tables[0].rows:
            progress.say(f"{section.title}, {title}: balanced accuracy {cell_text(balanced)}")
    progress.say(f"wrote {folder / STUDY_NAME} and {page}")


def _facts(arms: Sequence[ShiftArm], *, data: ShiftData, folder: Path, provenance: Provenance) -> tuple[Facts, ...]:
    rows = (
        ("Command", provenance.command or "not recorded"),
        ("Commit", provenance.commit or "not recorded"),
        ("SHA-256 of the parts", data.split.sha256),
        *((f"Images in {part}", f"{len(records):,}") for part, records in data.split.parts.items()),
        ("SHA-256 of what draws the lungs", data.lungs_sha256),
        *((f"{arm.title}, started from", started_from(arm, folder=folder)) for arm in arms),
        *((f"{arm.title}, training images", arm.changed) for arm in arms if arm.change is not None),
    )
    environment_rows = tuple((name, str(value)) for name, value in sorted(environment().items()))
    return Facts(title="The study", rows=rows), Facts(title="Environment", rows=environment_rows, folded=True)

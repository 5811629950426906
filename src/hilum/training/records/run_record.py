"""`run.json`: what a run folder is a run of; another recipe, other settings or other data are refused there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from hilum.bundle.shelf import RUN_NAME
from hilum.datasets.records.record import Record
from hilum.errors import UsageError
from hilum.training.recipe.settings import Value, flat_values
from hilum.training.records.provenance import Provenance, data_fingerprints, environment, records_sha256
from hilum.whole_files import write_whole

_SAME = (
    "recipe", "smoke", "permuted_labels", "settings", "data", "split_sha256", "stage_splits", "lungs_sha256",
    "study_sha256",
)  # fmt: skip
"""What must be as it was for a run to go on, but for the names of the data's folders."""

_LATER = ("permuted_labels", "lungs_sha256", "study_sha256")
"""Of these the ones that older runs do not speak of, since they had none."""


class Named(Protocol):
    """What every recipe has."""

    @property
    def name(self) -> str:
        """What the recipe is called."""

    @property
    def seed(self) -> int:
        """What all its draws follow from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What a run is: `settings` are flat and dotted; `split_sha256` and `protocol` are the last stage's.

    `lungs_sha256` is of the lung bundle whose boxes the pictures are cut to, `study_sha256` of the tables of the study
    that a gate or a lung network takes its thresholds and figures from. `left_out` counts the images that mixing the
    releases left out, by reason. `permuted_labels` is the seed by which the labels were dealt at random, where they
    were: a split's hash is of its images, not of what is said of them.
    """

    command: str
    recipe: str
    settings: Mapping[str, Value]
    smoke: bool
    seed: int
    commit: str | None
    dirty: bool | None
    environment: Mapping[str, str | int]
    data: list[dict[str, str | int]]
    split_sha256: str
    protocol: str
    stage_splits: Mapping[str, str] = field(default_factory=dict)
    lungs_sha256: str | None = None
    study_sha256: str | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    permuted_labels: int | None = None


def make_record(
    recipe: Named,
    *,
    records: Sequence[Record],
    provenance: Provenance,
    protocol: str,
    releases: Sequence[str] | None = None,
    split_sha256: str | None = None,
    stage_splits: Mapping[str, str] | None = None,
    lungs_sha256: str | None = None,
    study_sha256: str | None = None,
    left_out: Mapping[str, int] | None = None,
    permuted_labels: int | None = None,
    smoke: bool = False,
) -> RunRecord:
    """The record of a run on `records`, told of release by release: of `releases`, by default of those that are there.

    Without `split_sha256` the run is on all of them, and parts them, if at all, itself.
    """
    named = sorted({record.source for record in records}) if releases is None else releases
    by_source = {source: [record for record in records if record.source == source] for source in named}
    return RunRecord(
        command=provenance.command,
        recipe=recipe.name,
        settings=flat_values(recipe),
        smoke=smoke,
        seed=recipe.seed,
        commit=provenance.commit,
        dirty=provenance.dirty,
        environment=environment(),
        data=data_fingerprints(by_source, folders=provenance.folders),
        split_sha256=split_sha256 or records_sha256(records),
        protocol=protocol,
        stage_splits=stage_splits or {},
        lungs_sha256=lungs_sha256,
        study_sha256=study_sha256,
        left_out=dict(left_out or {}),
        permuted_labels=permuted_labels,
    )


def begin_run(folder: Path, *, record: RunRecord, results: str | None = None) -> None:
    """Write `run.json`, or find that `folder` holds this very run already and leave the file as it is.

    `results` is a pattern of files that a run leaves: where some are there and no `run.json` says what made them, the
    folder is refused. Raises `UsageError` where it holds another run; nothing is changed then.
    """
    path = folder / RUN_NAME
    if not path.is_file():
        strange = next(folder.glob(results), None) if results is not None else None
        if strange is not None:
            raise UsageError(
                f"{folder} holds {strange.relative_to(folder)} and no {RUN_NAME} that says what made it; name another "
                "--out"
            )
        write_whole(path, (json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n").encode())
        return
    try:
        there: dict[str, Any] = {**dict.fromkeys(_LATER), **json.loads(path.read_bytes())}
        different = _first_difference(there, json.loads(json.dumps(asdict(record))))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise UsageError(f"{folder} holds a run.json that is not of a run. Name another --out") from error
    if different is not None:
        raise UsageError(f"{folder} holds another run: {different}; give its own command, or name another --out")


def _first_difference(there: Mapping[str, Any], here: Mapping[str, Any]) -> str | None:
    for name in _SAME:
        before, now = (_as_compared(record[name]) for record in (there, here))
        if before == now:
            continue
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            key = next(key for key in (*before, *now) if before.get(key) != now.get(key))
            return f"its {key} is {before.get(key)}, here {now.get(key)}"
        return f"its {name} is {_short(before)}, here {_short(now)}"
    return None


def _as_compared(value: Any) -> Any:
    """The data without its folders' names: what lies in a renamed folder is the same."""
    return [{**row, "folder": None} for row in value] if isinstance(value, list) else value


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"{row['source']} ({row['n']} images, {str(row['sha256'])[:12]})" for row in value)
    return str(value)

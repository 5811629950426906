"""`run.json`: what a run folder is a run of; another recipe, other settings or other data are refused there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hilum.errors import UsageError
from hilum.output.atomic import write_whole
from hilum.training.settings import Value

RUN_NAME = "run.json"
SPLIT_NAME = "split.json"

_SAME = ("recipe", "smoke", "settings", "data", "split_sha256", "stage_splits", "lungs_sha256")
"""What must be as it was for a run to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What a run is: `settings` are flat and dotted; `split_sha256` and `protocol` are the last stage's.

    `lungs_sha256` is of the lung bundle whose boxes the pictures are cut to. `left_out` counts the images that mixing
    the releases left out, by reason.
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
    stage_splits: Mapping[str, str]
    lungs_sha256: str | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)


def begin_run(folder: Path, *, record: RunRecord) -> None:
    """Write `run.json`, or find that `folder` holds this very run already and leave the file as it is.

    Raises `UsageError` where it holds another run; nothing is changed then.
    """
    path = folder / RUN_NAME
    if not path.is_file():
        write_whole(path, (json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n").encode())
        return
    try:
        # runs from before lungs were drawn do not speak of them
        there: dict[str, Any] = {"lungs_sha256": None, **json.loads(path.read_bytes())}
        different = _first_difference(there, json.loads(json.dumps(asdict(record))))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise UsageError(
            f"expected the run.json of a run in {folder}, came another file; name another --out"
        ) from error
    if different is not None:
        raise UsageError(f"{folder} holds another run: {different}; give its own command, or name another --out")


def _first_difference(there: Mapping[str, Any], here: Mapping[str, Any]) -> str | None:
    for name in _SAME:
        before, now = there[name], here[name]
        if before == now:
            continue
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            key = next(key for key in (*before, *now) if before.get(key) != now.get(key))
            return f"its {key} is {before.get(key)}, here {now.get(key)}"
        return f"its {name} is {_short(before)}, here {_short(now)}"
    return None


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"{row['source']} ({row['n']} images, {str(row['sha256'])[:12]})" for row in value)
    return str(value)

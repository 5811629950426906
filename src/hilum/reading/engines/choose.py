"""`--engine auto`: the fastest engine that passed its self-test on this computer; what was found is kept."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hilum.bundle.load import Bundle
from hilum.errors import OutputError
from hilum.reading.engines.engine import EngineName
from hilum.reading.engines.network import ENGINES
from hilum.reading.engines.onnxruntime_engine import is_offered
from hilum.reading.engines.processor import this_processor
from hilum.reading.engines.trial import Trial, try_engine
from hilum.version import __version__
from hilum.whole_files import write_whole

DEFAULT: EngineName = "onnxruntime"
WORTH_IT = 1.1
"""So many times as fast as the default an engine must be to take its place."""

_KEPT = "engines"
_SCHEMA = "hilum.engines/1"


@dataclass(frozen=True, slots=True)
class Choice:
    """What `auto` takes, why in one line, and how every engine did."""

    engine: EngineName
    why: str
    trials: tuple[Trial, ...]


def choose_engine(
    bundles: Sequence[Bundle],
    *,
    threads: int,
    cache: Path | None,
    again: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Choice:
    """Try every engine that is offered here with these bundles, or take what was found before with the same ones.

    What was found is kept in the folder `cache`, under a hash of the processor's flags, the versions of hilum and the
    engines, the bundles and `threads`; with `again` all are tried anew. `progress` hears of each engine before it is
    tried.
    """
    path = None if cache is None else cache / _KEPT / f"{_key(bundles, threads=threads)}.json"
    kept = None if path is None or again else _kept(path)
    if kept is not None:
        return choice_of(kept)
    trials = []
    for name in filter(is_offered, ENGINES):
        if progress is not None:
            progress(f"trying the engine {name}")
        trials.append(try_engine(name, bundles=bundles, threads=threads))
    if path is not None:
        _keep(path, trials)
    return choice_of(trials)


def choice_of(trials: Sequence[Trial]) -> Choice:
    """The fastest engine that passed, where it is so much faster than the default that it is worth the change."""
    passed = {trial.engine: trial.images_per_s for trial in trials if trial.images_per_s is not None}
    usual = passed.get(DEFAULT)
    if usual is None:
        return Choice(DEFAULT, f"{DEFAULT} is the default, and the trial of it failed", tuple(trials))
    best = max(passed, key=lambda name: passed[name] or 0.0)
    ratio = (passed[best] or 0.0) / usual
    if best == DEFAULT or len(passed) == 1:
        why = f"no other engine that passed its self-test is faster than {DEFAULT}"
        return Choice(DEFAULT, why, tuple(trials))
    if ratio < WORTH_IT:
        why = f"{best} is {ratio:.2f} times as fast, less than the {WORTH_IT:g} times that are worth a change"
        return Choice(DEFAULT, why, tuple(trials))
    return Choice(best, f"{ratio:.2f} times as fast as {DEFAULT}, and it passed its self-test", tuple(trials))


def _key(bundles: Sequence[Bundle], *, threads: int) -> str:
    decisive = {
        "hilum": __version__,
        "processor": [this_processor().name, sorted(this_processor().flags)],
        "engines": {name: _version(name) for name in ENGINES},
        "bundles": sorted(bundle.sha256 for bundle in bundles),
        "threads": threads,
    }
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def _version(name: EngineName) -> str | None:
    try:
        return ENGINES[name]().version
    except Exception as error:  # noqa: BLE001 - whatever keeps an engine from being made keeps it from being chosen
        return f"none ({type(error).__name__})"


def _kept(path: Path) -> list[Trial] | None:
    """What was found before, or None where nothing was, or what lies there cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["schema"] != _SCHEMA:
            return None
        return [Trial(**trial) for trial in found["trials"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, trials: Sequence[Trial]) -> None:
    content = {"schema": _SCHEMA, "trials": [asdict(trial) for trial in trials]}
    with contextlib.suppress(OutputError):  # a folder that cannot be written costs the trial again, and no reading
        write_whole(path, json.dumps(content, indent=2).encode())

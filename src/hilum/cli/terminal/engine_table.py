"""How engines did on this computer, as lines of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hilum.reading.engines.choose import Choice
from hilum.reading.engines.processor import Processor
from hilum.reading.engines.trial import PRECISIONS, Trial

_HEAD = ("engine", "precision", "images/s", "one image", "off by at most", "")


def engine_lines(choice: Choice, *, processor: Processor, threads: int, models: Sequence[str]) -> Iterator[str]:
    """The processor, what was timed, a line for each engine, and which one `--engine auto` takes and why."""
    able = f"bfloat16: {_yes(processor.has_bfloat16)}; int8 (VNNI): {_yes(processor.has_int8)}"
    yield f"processor: {processor.name or 'unknown'}, {threads} cores; {able}"
    yield f"timed: every network of {', '.join(models)}; images of random shapes, without reading files"
    rows = [_HEAD, *map(_row, choice.trials)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)]
        yield "  ".join([*cells, row[-1]]).rstrip()
    yield f"--engine auto takes {choice.engine}: {choice.why}"


def _row(trial: Trial) -> tuple[str, ...]:
    name = trial.engine if trial.version is None else f"{trial.engine} {trial.version.split('-')[0]}"
    return (
        name,
        PRECISIONS[trial.engine],
        "–" if trial.images_per_s is None else f"{trial.images_per_s:.1f}",
        "–" if trial.latency_ms is None else f"{trial.latency_ms:.0f} ms",
        "–" if trial.difference is None else f"{trial.difference:.1e}",
        trial.problem or "",
    )


def _yes(known: bool) -> str:
    return "yes" if known else "no"

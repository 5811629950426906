"""Draw the lungs of pictures before a training or a study, with a progress bar, and say how often they are trusted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hilum.bundle.load import Bundle
from hilum.cli.console import error_console
from hilum.cli.say import say
from hilum.datasets.record import Record
from hilum.evaluation.lung_boxes import with_lung_boxes


def draw_lungs(records: Sequence[Record], *, lungs: Bundle, memory: Path | None) -> tuple[Record, ...]:
    """The records with the boxes that `lungs` draws, remembered in the folder `memory`; raises as `with_lung_boxes`."""
    console = error_console()
    columns = (TextColumn("drawing lungs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)
        boxed = with_lung_boxes(
            records,
            bundle=lungs,
            memory=memory,
            on_found=lambda count: progress.update(task, total=count),
            on_image=lambda: progress.advance(task),
        )
    trusted = sum(record.lung_box is not None for record in boxed)
    say(f"lungs drawn by {lungs.card.name}: trusted in {trusted:,} of {len(boxed):,} pictures, which are cut to them")
    return boxed

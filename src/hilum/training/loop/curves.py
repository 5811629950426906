"""The curves of a training: one row an epoch in `log/metrics.csv`, and drawn in the terminal while it runs.

The rows travel in the checkpoint, so that after a stop the file goes on as if there had been none.
"""

from __future__ import annotations

import csv
import io
import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightning import pytorch as pl
from lightning.pytorch.callbacks import ProgressBar
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from hilum.progress import LINES, ProgressLines
from hilum.whole_files import write_whole

METRICS_NAME = "metrics.csv"
Row = dict[str, float]

_LEVELS = "▁▂▃▄▅▆▇█"
_WIDTH = 24
_SAID_EVERY = 10


class LiveCurves(ProgressBar):
    """Draws the curves and counts the steps on standard error; without a terminal it says one line an epoch or more.

    `folder` gets `metrics.csv`: columns are `epoch` (from 0), `learning_rate` and every metric of an epoch, by name.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.rows: list[Row] = []
        self._shown = True
        self._progress: Progress | None = None
        self._lines: ProgressLines | None = None

    def enable(self) -> None:
        """Lightning calls this on the first process."""
        self._shown = True

    def disable(self) -> None:
        """Lightning calls this on the other processes."""
        self._shown = False

    def state_dict(self) -> dict[str, Any]:
        """The rows so far."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from the rows of a checkpoint."""
        self.rows = list(state_dict["rows"])

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to count this epoch's steps."""
        del pl_module
        console = Console(stderr=True, highlight=False)
        if not self._shown:
            return
        if not console.is_terminal:
            steps = None if math.isinf(self.total_train_batches) else int(self.total_train_batches)
            doing = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}, steps"
            self._lines = ProgressLines(doing, say=_say, total=steps)
            return
        self._progress = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._progress.add_task(
            "", total=self.total_train_batches, epoch=f"{trainer.current_epoch + 1}/{trainer.max_epochs}"
        )
        self._progress.start()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """One more step."""
        del pl_module, batch, batch_idx
        if self._lines is not None:
            self._lines.done()
        if self._progress is not None:
            task = self._progress.task_ids[0]
            self._progress.advance(task)
            if trainer.global_step % _SAID_EVERY == 0 and isinstance(outputs, dict):  # reading it waits for the device
                self._progress.update(task, description=f"loss {float(outputs['loss']):.4f}")

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep the epoch's row, write the file and draw the curves."""
        del pl_module
        row = {name: float(value) for name, value in sorted(trainer.callback_metrics.items())}
        rate = float(trainer.optimizers[0].param_groups[0]["lr"])
        self.rows.append({"epoch": float(trainer.current_epoch), "learning_rate": rate, **row})
        self._close()
        if trainer.is_global_zero:
            write_whole(self._folder / METRICS_NAME, rows_as_csv(self.rows))
        if self._shown:
            curves = Console(stderr=True).is_terminal
            _say(epoch_line(self.rows, epochs=trainer.max_epochs or 0, curves=curves))

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Give the terminal back."""
        del trainer, pl_module, exception
        self._close()

    def _close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
        self._lines = None


def _say(line: str) -> None:
    """A line through the command that trains; from Python, on standard error."""
    logger = logging.getLogger(LINES)
    if logger.handlers:
        logger.info("%s", line)
    else:
        Console(stderr=True, highlight=False).print(Text(line), soft_wrap=True)


def rows_as_csv(rows: Sequence[Row]) -> bytes:
    """The rows under a header of every column that one of them has; a value that is missing is an empty cell."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(name, row.get(name)) for name in columns])
    return buffer.getvalue().encode()


def epoch_line(rows: Sequence[Row], *, epochs: int, curves: bool = True) -> str:
    """The last epoch in one line: each loss and mean AUROC, with its curve so far where `curves` are wanted."""
    last = rows[-1]
    shown = [name for name in last if name.endswith(("/loss", "/mean_auroc"))]
    drawn = {name: f" {spark([row[name] for row in rows if name in row])}" if curves else "" for name in shown}
    parts = [f"{name} {last[name]:.4f}{drawn[name]}" for name in shown]
    return "  ".join([f"epoch {int(last['epoch']) + 1}/{epochs}", *parts])


def spark(values: Sequence[float]) -> str:
    """The last 24 values as bars between their least and their greatest; a value that is no number is a space."""
    recent = values[-_WIDTH:]
    known = [value for value in recent if math.isfinite(value)]
    if not known:
        return ""
    low, high = min(known), max(known)
    top = len(_LEVELS) - 1
    return "".join(
        " " if not math.isfinite(v) else _LEVELS[round((v - low) / (high - low) * top) if high > low else 0]
        for v in recent
    )


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return str(int(value)) if name == "epoch" else repr(value)

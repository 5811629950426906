"""Runs `hilum` in a process of its own that is killed with SIGKILL at one exact moment."""

import io
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hilum.bundle.save
import hilum.systems.gate.bundle
import hilum.systems.gate.urinbayev2020_training
import hilum.systems.lungs.bundle
import hilum.training.export.classifier_bundle
import hilum.training.train
import hilum.whole_files
from hilum.cli.main import app
from hilum.training.loop.task_module import TaskModule

SERVER = multiprocessing.get_context("forkserver")
PRELOADED = [
    "hilum.cli.recipes.train", "hilum.cli.recipes.study", "hilum.training.train",
    "tensorboardX", "onnxscript.function_libs.torch_lib.ops", "torch.onnx._internal.exporter._core",
]  # fmt: skip
"""What each process that is killed would import anew: commands, and what Lightning and torch import in use alone."""


@dataclass(frozen=True)
class Moment:
    """`where` it dies: at the `call`-th call of a step, or with half of the `call`-th file of that name written."""

    where: str
    call: int = 1


def run_hilum(arguments: list[str], *, moment: Moment | None = None) -> int:
    """The exit code of `hilum ARGUMENTS` in a forked process: -9 where it died at `moment`."""
    process = SERVER.Process(target=_child, args=(arguments, moment))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def run_and_kill(arguments: list[str], *, when: Path, patience_s: float = 300.0) -> int:
    """The exit code of `hilum ARGUMENTS` in a forked process, killed from here as soon as the file `when` is there."""
    process = SERVER.Process(target=_child, args=(arguments, None))
    process.start()
    last = time.monotonic() + patience_s
    while process.is_alive() and not when.is_file() and time.monotonic() < last:
        time.sleep(0.01)
    process.kill()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _child(arguments: list[str], moment: Moment | None) -> None:
    if moment is not None:
        _arrange(moment)
    app(arguments, prog_name="hilum")


def _arrange(moment: Moment) -> None:
    steps: dict[str, tuple[Any, str]] = {
        "training step": (TaskModule, "training_step"),
        "validation step": (TaskModule, "validation_step"),
        "export": (hilum.training.export.classifier_bundle, "classifier_to_onnx"),
        "reading validation": (hilum.training.export.classifier_bundle, "read_validation"),
        "rename of the bundle": (hilum.bundle.save, "_rename"),
        "export of a gate": (hilum.systems.gate.bundle, "to_onnx"),
        "export of lungs": (hilum.systems.lungs.bundle, "to_onnx"),
        "count on the test part": (hilum.systems.gate.urinbayev2020_training, "_confusion"),
    }
    if moment.where in steps:
        owner, name = steps[moment.where]
        setattr(owner, name, _counted(getattr(owner, name), at=moment.call, die=_kill))
        return
    _half_written(moment)


def _counted(function: Callable[..., Any], *, at: int, die: Callable[[], None]) -> Callable[..., Any]:
    calls = 0

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            die()
        return function(*arguments, **named)

    return counted


def _half_written(moment: Moment) -> None:
    """Every file of hilum goes through one of these two; half of its bytes reach the disk."""
    seen = 0
    whole, synced = hilum.whole_files.fill_whole, hilum.bundle.save.write_synced

    def half(path: Path, *, fill: Callable[[Any], None]) -> None:
        nonlocal seen
        seen += path.name == moment.where
        if path.name == moment.where and seen == moment.call:
            written = io.BytesIO()
            fill(written)
            data = written.getvalue()
            stray = path.with_name(hilum.whole_files.STRAY_PREFIX + "torn")
            stray.write_bytes(data[: len(data) // 2])
            _kill()
        whole(path, fill=fill)

    def half_synced(path: Path, data: bytes) -> None:
        nonlocal seen
        seen += path.name == moment.where
        if path.name == moment.where and seen == moment.call:
            path.write_bytes(data[: len(data) // 2])
            _kill()
        synced(path, data)

    hilum.whole_files.fill_whole = half
    hilum.bundle.save.write_synced = half_synced


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)

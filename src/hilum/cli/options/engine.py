"""`--engine`: which inference engine computes, or `auto` for the fastest that is right on this computer."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, cast

import typer

from hilum.bundle.load import Bundle
from hilum.cli.options.cache import cache_folder
from hilum.cli.terminal.say import say
from hilum.reading.engines.choose import choose_engine
from hilum.reading.engines.engine import EngineName, available_cores

AUTO = "auto"


class EngineChoice(StrEnum):
    """The inference engines, and the choice among them."""

    ONNXRUNTIME = "onnxruntime"
    ONNXRUNTIME_CUDA = "onnxruntime-cuda"
    ONNXRUNTIME_COREML = "onnxruntime-coreml"
    ONNXRUNTIME_DIRECTML = "onnxruntime-directml"
    OPENVINO = "openvino"
    OPENVINO_BF16 = "openvino-bf16"
    OPENVINO_INT8 = "openvino-int8"
    AUTO = AUTO


EngineOption = Annotated[
    EngineChoice,
    typer.Option(
        case_sensitive=False,
        metavar="NAME",
        help="The inference engine; [bold]auto[/] tries them on this computer, once, and takes the fastest that "
        "computes what it should.",
    ),
]
"""The option of every command that reads; `engine_named` reads it."""


def engine_named(chosen: EngineChoice, *, bundles: Sequence[Bundle], threads: int | None = None) -> EngineName:
    """The engine that was chosen; for `auto` the one that trials with these bundles choose, and why is said."""
    if chosen != EngineChoice.AUTO:
        return cast("EngineName", chosen.value)
    choice = choose_engine(bundles, threads=threads or available_cores(), cache=cache_folder(None), progress=say)
    say(f"engine: {choice.engine}; {choice.why}")
    return choice.engine

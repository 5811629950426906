"""The stage between gate and specialists: the lungs of every picture that is read as a chest, drawn once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hilum.reading.input.prepare import Prepared
from hilum.reading.lungs.drawing import LungDrawing
from hilum.reading.lungs.finder import LungFinder, LungNetwork
from hilum.reading_result import GateVerdict


@dataclass(frozen=True, slots=True, eq=False)
class DrawnLungs:
    """The drawings of one batch by network and by place in the batch; `each_ms` is what a drawn picture cost."""

    by_network: Mapping[LungNetwork, Mapping[int, LungDrawing]]
    each_ms: float

    def of(self, finder: LungFinder | None, index: int) -> LungDrawing | None:
        """What `finder` drew of picture `index`, or None."""
        return None if finder is None else self.by_network[finder.network].get(index)


class LungStage:
    """The finders in use; the first one's drawings stand in the reading.

    Finders that draw alike (the same graph, rules and preprocessing) run once.
    """

    def __init__(self, finders: Sequence[LungFinder]) -> None:
        self._finders = {finder.network: finder for finder in reversed(finders)}
        self.shown = finders[0] if finders else None

    def draw(self, batch: Sequence[Prepared], *, gates: Sequence[GateVerdict], chosen: Sequence[int]) -> DrawnLungs:
        """The lungs of the chosen pictures of a batch, in one batch a network; raises `EngineError` as they do.

        `gates` are the verdicts on the pictures of the batch, in order.
        """
        started = time.perf_counter()
        drawn = {
            network: dict(
                zip(
                    chosen,
                    finder.draw(
                        [batch[i].radiograph for i in chosen],
                        prepared=[batch[i].inputs[finder.preprocess] for i in chosen],
                        gates=[gates[i] for i in chosen],
                    ),
                    strict=True,
                )
            )
            for network, finder in self._finders.items()
        }
        each_ms = (time.perf_counter() - started) * 1e3 / len(chosen) if chosen and self._finders else 0.0
        return DrawnLungs(drawn, each_ms)

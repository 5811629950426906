"""What each part of reading costs an image, as a mean over many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hilum.reading_result import Reading

PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("decode", ("decode",)),
    ("prepare", ("preprocess",)),
    ("gate", ("gate",)),
    ("lungs", ("lungs",)),
    ("specialists", ("network", "explain")),
    ("write", ("write",)),
)
"""What a summary names, in order, and the times of a reading that it adds; `write` is the outputs of one image."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Milliseconds spent on `images`, by stage. Threads work side by side, so the sum may exceed the time that passed.

    Stages are those of `Reading.timings_ms`, without the total, and `write`.
    """

    images: int = 0
    spent_ms: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def plus(self, reading: Reading) -> Costs:
        """These costs with one more image's reading."""
        times = {stage: spent for stage, spent in reading.timings_ms.items() if stage != "total"}
        return Costs(self.images + 1, self._with(times))

    def plus_writing(self, milliseconds: float) -> Costs:
        """These costs with the outputs of an image that is counted already."""
        return Costs(self.images, self._with({"write": milliseconds}))

    def each_ms(self) -> tuple[tuple[str, float], ...]:
        """The mean of each part that was spent on, by its name in `PARTS`; nothing without an image."""
        if self.images == 0:
            return ()
        sums = ((name, sum(self.spent_ms.get(stage, 0.0) for stage in stages)) for name, stages in PARTS)
        return tuple((name, spent / self.images) for name, spent in sums if spent > 0)

    def _with(self, times: Mapping[str, float]) -> Mapping[str, float]:
        return MappingProxyType(
            {**self.spent_ms, **{stage: self.spent_ms.get(stage, 0.0) + spent for stage, spent in times.items()}}
        )

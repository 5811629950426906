"""What this computer's processor can do, as far as the choice of an engine rests on it."""

from __future__ import annotations

import functools
import platform
import re
from dataclasses import dataclass
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
_FLAGS = re.compile(r"^(?:flags|Features)\s*:\s*(.*)$", re.MULTILINE)
_MODEL = re.compile(r"^model name\s*:\s*(.*)$", re.MULTILINE)

BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""A processor with one of these flags multiplies bfloat16 itself."""

INT8 = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp"})
"""One with one of these multiplies and adds 8-bit integers without overflow; others saturate, and are slower."""


@dataclass(frozen=True, slots=True)
class Processor:
    """`name` as the system calls it, and its `flags`; both may be empty where the system does not tell."""

    name: str
    flags: frozenset[str]

    @property
    def has_bfloat16(self) -> bool:
        """Whether it multiplies bfloat16 itself; else a graph in bfloat16 is slower than in float32."""
        return not BFLOAT16.isdisjoint(self.flags)

    @property
    def has_int8(self) -> bool:
        """Whether it adds products of 8-bit integers itself; else they come out wrong, and no faster."""
        return not INT8.isdisjoint(self.flags)


@functools.cache
def this_processor(cpuinfo: Path = _CPUINFO) -> Processor:
    """The processor of this computer; its flags are known on Linux alone."""
    try:
        text = cpuinfo.read_text(encoding="ascii", errors="replace")
    except OSError:
        return Processor(f"{platform.processor()} {platform.machine()}".strip(), frozenset())
    flags, model = _FLAGS.search(text), _MODEL.search(text)
    return Processor(
        platform.machine() if model is None else model[1].strip(),
        frozenset() if flags is None else frozenset(flags[1].split()),
    )

"""The size of the base installation: hilum's own package and every distribution that it pulls in, as installed here.

Sizes are those of the files that each distribution's RECORD lists (with compiled Python files), in MB of 10^6 bytes.
"""

from __future__ import annotations

import importlib.metadata
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]


def closure(requirements: list[str]) -> set[str]:
    """The distributions that these requirements need, and what those need, on this platform."""
    found: set[str] = set()
    waiting = [(Requirement(text), frozenset[str]()) for text in requirements]
    while waiting:
        requirement, extras = waiting.pop()
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in extras or {""}):
            continue
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        found.add(name)
        needed = importlib.metadata.requires(name) or ()
        waiting.extend((Requirement(text), frozenset(requirement.extras)) for text in needed)
    return found


def size_bytes(name: str) -> int:
    """The bytes of the files of an installed distribution."""
    distribution = importlib.metadata.distribution(name)
    paths = [Path(str(distribution.locate_file(file))) for file in distribution.files or ()]
    return sum(path.stat().st_size for path in paths if path.is_file())


def base_sizes() -> dict[str, float]:
    """MB by distribution, largest first; hilum itself is what its wheel holds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    sizes = {name: size_bytes(name) for name in closure(project["dependencies"])}
    own = [path for path in (ROOT / "src" / "hilum").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    sizes["hilum"] = sum(path.stat().st_size for path in own)
    return {name: round(size / 1e6, 2) for name, size in sorted(sizes.items(), key=lambda pair: -pair[1])}

"""What is installed: the packages that hilum needs, and its optional parts with what each lacks."""

from __future__ import annotations

import importlib.metadata
import re
from dataclasses import dataclass

INSTALL_AGAIN = "install hilum again from the clone or wheel that it came from: pip install --force-reinstall PATH"
"""hilum is on no package index: by its name alone pip finds nothing, or somebody else's package."""

_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[(?P<parts>[a-z, ]+)\])?")
_PART = re.compile(r"""extra\s*==\s*['"](?P<part>[a-z-]+)['"]""")
_NOT_FOR_USERS = ("dev",)


@dataclass(frozen=True, slots=True)
class Package:
    """A package and its installed version, or None where it is absent."""

    name: str
    version: str | None


@dataclass(frozen=True, slots=True)
class OptionalPart:
    """An optional part of hilum and the packages that it asks for, those of parts that it includes too."""

    name: str
    packages: tuple[Package, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The packages that are not installed."""
        return tuple(package.name for package in self.packages if package.version is None)

    @property
    def install_command(self) -> str:
        """The exact command that installs the part."""
        return f'pip install "hilum[{self.name}]"'


def base_packages() -> tuple[Package, ...]:
    """The packages that reading needs, from hilum's own metadata."""
    return tuple(map(_package, _required().get("", ())))


def optional_parts() -> tuple[OptionalPart, ...]:
    """The optional parts for users, from hilum's own metadata, each with its packages."""
    required = _required()
    return tuple(
        OptionalPart(part, tuple(map(_package, _expanded(part, required))))
        for part in required
        if part and part not in _NOT_FOR_USERS
    )


def version_of(package: str) -> str | None:
    """The installed version of a package, or None; the package is not imported."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _package(name: str) -> Package:
    return Package(name, version_of(name))


def _required() -> dict[str, tuple[str, ...]]:
    """Package names (or `hilum[part]`) by part; the base has the empty name."""
    found: dict[str, tuple[str, ...]] = {}
    for requirement in importlib.metadata.requires("hilum") or ():
        wanted, _, condition = requirement.partition(";")
        matched = _REQUIREMENT.match(wanted.strip())
        part = _PART.search(condition)
        if matched is not None:
            key = "" if part is None else part["part"]
            found[key] = (*found.get(key, ()), matched[0])
    return found


def _expanded(part: str, required: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for wanted in required.get(part, ()):
        matched = _REQUIREMENT.fullmatch(wanted)
        if matched is None:
            continue
        if matched["name"] == "hilum":
            for inner in (matched["parts"] or "").split(","):
                names |= dict.fromkeys(_expanded(inner.strip(), required))
        else:
            names[matched["name"]] = None
    return tuple(names)

"""What reads the films of a plan: models by name and hash, and settings; the same on every machine, or none reads."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from hilum.bundle.load import Bundle
from hilum.bundle.shelf import local_models_folder, named_bundle, shelf
from hilum.errors import BundleError
from hilum.imaging.pixels.limits import Limits
from hilum.reading.reader import Reader
from hilum.reading.settings import ReaderSettings


@dataclass(frozen=True, slots=True)
class PlannedModel:
    """A model: `reference` is its name on the shelf, or its folder; `sha256` is that of its card."""

    reference: str
    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderSpec:
    """Models and settings of a reader, as a plan keeps them; `settings_sha256` is the reader's own.

    `assume_scope` is said of every film.
    """

    models: tuple[PlannedModel, ...]
    settings_sha256: str
    engine: str
    heatmaps: str
    lungs: bool
    limits: Limits
    assume_scope: bool

    def to_json(self) -> dict[str, Any]:
        """As a dictionary of JSON types."""
        return {**asdict(self), "models": [asdict(model) for model in self.models]}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Back from `to_json`."""
        models = tuple(PlannedModel(**model) for model in found["models"])
        return cls(**{**found, "models": models, "limits": Limits(**found["limits"])})

    def open_reader(self) -> Reader:
        """A reader on one core. Raises `BundleError` where what is installed is not what was planned with."""
        local = local_models_folder(os.environ)
        bundles = []
        for model in self.models:
            bundle = named_bundle(model.reference, local=local)
            if bundle.sha256 != model.sha256:
                raise BundleError(
                    f"The plan reads with {model.name} {model.version} (SHA-256 {model.sha256[:12]}), but "
                    f"{bundle.card.version} ({bundle.sha256[:12]}) is installed here; install that one, or plan again"
                )
            bundles.append(bundle)
        reader = Reader(models=bundles, settings=self._settings())
        if reader.settings_sha256 != self.settings_sha256:
            reader.close()
            raise BundleError(
                "The plan was made by another version of hilum or with other settings; install that one, or plan again"
            )
        return reader

    def _settings(self) -> ReaderSettings:
        return reader_settings(engine=self.engine, heatmaps=self.heatmaps, lungs=self.lungs, limits=self.limits)


def reader_settings(*, engine: str, heatmaps: str, lungs: bool, limits: Limits) -> ReaderSettings:
    """The settings of a reader on one core, without heatmaps by occlusion, which are hundreds of passes a film."""
    return ReaderSettings(
        engine=engine,  # type: ignore[arg-type]  # the settings check it
        heatmaps=heatmaps,  # type: ignore[arg-type]
        lungs=lungs,
        limits=limits,
        threads=1,
        occlusion=False,
    )


def plan_reader(
    bundles: Sequence[Bundle], *, engine: str, heatmaps: str, lungs: bool, limits: Limits, assume_scope: bool
) -> ReaderSpec:
    """The specification of a reader of these bundles, opened once to see that it works. Raises as `Reader` does."""
    settings = reader_settings(engine=engine, heatmaps=heatmaps, lungs=lungs, limits=limits)
    on_shelf = {entry.folder.resolve(): entry.name for entry in shelf(local=local_models_folder(os.environ))}
    with Reader(models=bundles, settings=settings) as reader:
        sha256 = reader.settings_sha256
    models = tuple(
        PlannedModel(
            on_shelf.get(bundle.folder.resolve(), str(Path(bundle.folder).absolute())),
            bundle.card.name,
            bundle.card.version,
            bundle.sha256,
        )
        for bundle in bundles
    )
    return ReaderSpec(
        models=models,
        settings_sha256=sha256,
        engine=engine,
        heatmaps=heatmaps,
        lungs=lungs,
        limits=limits,
        assume_scope=assume_scope,
    )

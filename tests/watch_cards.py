"""Watches the cards that an export writes, drafts and all: each must be whole and true of the files beside it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from hilum.bundle.card import Card
from hilum.bundle.load import Bundle
from hilum.bundle.save import file_hashes, write_bundle
from hilum.training.export import export_bundle


def watch_cards(monkeypatch: pytest.MonkeyPatch) -> list[Card]:
    """The cards, in order, as they are written from now on."""
    shown: list[Card] = []

    def watched(folder: Path, *, card: Card, files: Mapping[str, bytes], replace: bool) -> Bundle:
        assert Card.model_validate(card.model_dump(by_alias=True)) == card
        assert dict(card.files) == file_hashes(files)
        shown.append(card)
        return write_bundle(folder, card=card, files=files, replace=replace)

    monkeypatch.setattr(export_bundle, "write_bundle", watched)
    return shown

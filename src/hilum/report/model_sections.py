"""What a page says of each model that read; made once a model, since it is the same on every page of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from hilum.bundle.card import Card
from hilum.reading_result import ModelRef, Reading
from hilum.report.templating import environment
from hilum.report.wording import card_of

_KEPT = 64


@dataclass(frozen=True, slots=True)
class ModelSection:
    """A model that read, its card where it is at hand, and what the card says, as HTML."""

    model: ModelRef
    card: Card | None
    text: Markup


class _Same:
    """A card that equals itself alone: to compare two would take longer than to write about one."""

    def __init__(self, card: Card | None) -> None:
        self.card = card

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.card is other.card

    def __hash__(self) -> int:
        return id(self.card)


def model_sections(reading: Reading, *, cards: Sequence[Card]) -> tuple[ModelSection, ...]:
    """The models of the reading, in its order; the text of one whose card is not at hand says so."""
    return tuple(_section(model, _Same(card_of(model.name, cards=cards))) for model in reading.models)


@lru_cache(maxsize=_KEPT)
def _section(model: ModelRef, same: _Same) -> ModelSection:
    text = environment().get_template("_card.html.j2").render(model=model, card=same.card)
    return ModelSection(model, same.card, Markup(text))

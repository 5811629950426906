"""Whether a radiograph lies within what a model was trained for: species, type, modality, age, view, picture.

A model decides only where all of it is known to fit. What its card tolerates not to be known, and what the user has it
assume, is decided with a warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hilum.bundle.card import Scope
from hilum.radiograph import Radiograph
from hilum.reading.gate.chest_view import chest_view
from hilum.reading.gate.rules import STATES
from hilum.reading.gate.tags import BODY_PARTS, RADIOGRAPH_MODALITIES, UNTOLD_MODALITIES
from hilum.reading_result import GateVerdict, NotDecided, PictureState, ScopePart, UndecidedCode
from hilum.stated import age_text


@dataclass(frozen=True, slots=True)
class ScopeVerdict:
    """What `judge_scope` found.

    `in_scope` is None where something is unknown, named in `unknown`, and nothing known is outside. `not_decided` is
    the first reason to decide nothing, or None where the model may decide.
    """

    in_scope: bool | None
    unknown: tuple[ScopePart, ...] = ()
    not_decided: NotDecided | None = None
    warnings: tuple[str, ...] = ()


_OUTSIDE: dict[ScopePart, UndecidedCode] = {
    "species": "species outside", "type": "type outside", "modality": "modality outside", "age": "age outside",
    "view": "view outside",
}  # fmt: skip
_UNKNOWN: dict[ScopePart, UndecidedCode] = {
    "type": "type unknown", "modality": "modality unknown", "age": "age unknown", "view": "view unknown",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a scope: whether it fits (None: not known), the fact otherwise, and what the model is made for.

    `say_it_with` is the option by which the user tells what is not known; `caution` is what must be said where it fits.
    """

    name: ScopePart
    fits: bool | None
    fact: str = ""
    made_for: str = ""
    say_it_with: str | None = None
    caution: str | None = None

    def why(self) -> NotDecided:
        """The reason to decide nothing that this part is."""
        return NotDecided(
            (_UNKNOWN if self.fits is None else _OUTSIDE)[self.name],
            f"{self.fact}, and this model is for {self.made_for}",
        )


def judge_scope(
    radiograph: Radiograph, *, gate: GateVerdict, scope: Scope, model: str, assume_scope: bool = False
) -> ScopeVerdict:
    """Compare what is known of the radiograph with `scope`, the card's declaration of the model called `model`.

    With `assume_scope` what is unknown counts as inside; what is known to be outside stays outside.
    """
    parts = (
        _species(radiograph),
        _type(radiograph, gate=gate, scope=scope),
        _modality(radiograph),
        _age(radiograph, scope=scope),
        _view(radiograph, gate=gate, scope=scope),
    )
    unknown = tuple(part.name for part in parts if part.fits is None)
    outside = [part for part in parts if part.fits is False]
    missing = [] if assume_scope else _not_tolerated(parts, scope=scope)
    stops = [*(part.why() for part in outside), *map(_state, gate.state), *(part.why() for part in missing)]
    in_scope = False if outside or gate.state else None if unknown else True
    if not stops:
        return ScopeVerdict(in_scope, unknown, None, _cautions(parts, scope=scope, model=model, assumed=assume_scope))
    if not outside and not missing:
        return ScopeVerdict(in_scope, unknown, stops[0])  # the gate itself warns of the picture, once for all models
    said = f"{model} makes no decision here: {_facts([*outside, *missing])}; it is made for {scope.in_words()}"
    options = [part.say_it_with for part in missing if part.say_it_with and not outside]
    helps = f". If you know more, say so with {' and '.join(options)}" if options else ""
    return ScopeVerdict(in_scope, unknown, stops[0], (f"{said}{helps}",))


def _state(state: PictureState) -> NotDecided:
    codes: dict[PictureState, UndecidedCode] = {"inverted": "inverted", "cropped": "cropped"}
    return NotDecided(codes.get(state, "turned"), STATES[state])


def _not_tolerated(parts: Sequence[_Part], *, scope: Scope) -> list[_Part]:
    """The unknown parts without which the model decides nothing; a view may be unknown only where the age fits."""
    tolerated = set(scope.unknown_tolerated)
    if any(part.name == "age" and part.fits is None for part in parts):
        tolerated.discard("view")
    return [part for part in parts if part.fits is None and part.name not in tolerated]


def _cautions(parts: Sequence[_Part], *, scope: Scope, model: str, assumed: bool) -> tuple[str, ...]:
    missing = [part for part in parts if part.fits is None]
    cautions = tuple(part.caution for part in parts if part.caution is not None)
    if not missing:
        return cautions
    if assumed:
        return (f"{model} decides as you asked, although {_facts(missing)}", *cautions)
    return (f"{_facts(missing)}, so the result of {model} may not hold: it is made for {scope.in_words()}", *cautions)


def _facts(parts: Sequence[_Part]) -> str:
    """The facts of some parts in one clause; what the file does not give is said together."""
    not_given = [part.fact.removeprefix(_FILE_GIVES) for part in parts if part.fact.startswith(_FILE_GIVES)]
    others = [part.fact for part in parts if not part.fact.startswith(_FILE_GIVES)]
    return ", ".join([*others, *([_FILE_GIVES + " and ".join(not_given)] if not_given else [])])


_FILE_GIVES = "the file gives "


def _species(radiograph: Radiograph) -> _Part:
    """No model is for animals; where no tag names a species it is a person."""
    return _Part("species", not radiograph.is_animal, "the file says that the patient is an animal", "people")


def _modality(radiograph: Radiograph) -> _Part:
    """A picture file has no modality and is not asked for one; the type carries that doubt."""
    modality = radiograph.modality
    fact, made_for = f"the file's modality is {modality}", "plain X-rays"
    if modality is None or modality in RADIOGRAPH_MODALITIES:
        return _Part("modality", True)
    if modality in UNTOLD_MODALITIES:
        return _Part("modality", None, f"{fact}, which does not tell an X-ray", made_for)
    return _Part("modality", False, fact, made_for)


def _type(radiograph: Radiograph, *, gate: GateVerdict, scope: Scope) -> _Part:
    """The gate's verdict on the pixels outranks the tag, which is often wrong."""
    found = BODY_PARTS.get(radiograph.body_part or "") if gate.type is None else gate.type.name
    made_for = f"{scope.xray_type} X-rays"
    if found is None:
        say_it_with = f"--force-type {scope.xray_type}"
        return _Part("type", None, "it is not known what the picture shows", made_for, say_it_with)
    return _Part("type", found == scope.xray_type, f"this is {_article(found)} {found} X-ray", made_for)


def _age(radiograph: Radiograph, *, scope: Scope) -> _Part:
    if scope.age_years is None or scope.patients is None:
        return _Part("age", True)
    age = radiograph.age_years
    if age is None:
        return _Part("age", None, f"{_FILE_GIVES}no age", scope.patients, "--age (or in a patients.csv)")
    low, high = scope.age_years
    return _Part("age", low <= age <= high, f"the patient is {age_text(age)} old", scope.patients)


def _view(radiograph: Radiograph, *, gate: GateVerdict, scope: Scope) -> _Part:
    """The file's or the user's word, the picture's where there is none; a picture from the side is no frontal one."""
    if scope.views is None:
        return _Part("view", True)
    made_for = f"view {' or '.join(scope.views)}"
    seen = chest_view(radiograph, gate=gate)
    if seen.view == "unknown":
        return _Part("view", None, f"{_FILE_GIVES}no view", made_for, "--view")
    from_the_side = seen.from_picture and seen.view == "LL"
    fact = "this is a lateral view, judged from the picture" if from_the_side else seen.fact
    fits = seen.view in scope.views
    return _Part("view", fits, fact, made_for, caution=fact if fits and seen.from_picture else None)


def _article(word: str) -> str:
    return "an" if word[:1] in "aeiou" else "a"

"""The recipe of an ensemble: several recipes whose networks read the same picture for the same labels, as one mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from hilum.datasets.releases.chexpert import ChexpertPolicy
from hilum.errors import require
from hilum.training.recipe.recipe import CardText, FusedFrom, Recipe
from hilum.training.recipe.settings import HIDDEN

_check = partial(require, "The recipe of an ensemble")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsembleRecipe:
    """At least two recipes; a member's `name` is what its folder and readings call it.

    Members may differ in backbone, seed, losses and earlier stages. Their last stages have the same labels, releases,
    split and preprocessing, and the same assessment, so that calibration and operating points are fitted on images that
    none of them learnt from: all are parted by the seed of the first. `card` has the words of the ensemble's card.
    Raises `UsageError` where that is not so, or a member is no network of one picture.
    """

    name: str = field(metadata=HIDDEN)
    members: tuple[Recipe, ...]
    card: CardText = field(metadata=HIDDEN)

    def __post_init__(self) -> None:
        names = [member.name for member in self.members]
        _check(len(names) > 1, "at least two members", ", ".join(names) or "none")
        _check(len(set(names)) == len(names), "names of members, each once", ", ".join(names))
        for member in self.members:
            plain = member.name != "" and not set("./\\") & set(member.name)
            _check(plain, "names of members without dots and slashes", repr(member.name))
            _check(not isinstance(member.last.start, FusedFrom), "members that are no fusions", member.name)
            plain = member.learns_lungs is None
            _check(plain, "members that average over the whole picture and are not taught lungs", member.name)
        first = self.members[0]
        for member in self.members[1:]:
            both = f"in {first.name} and {member.name}"
            _check(member.last.labels == first.last.labels, f"the same labels {both}", ", ".join(member.last.labels))
            _check(member.last.releases == first.last.releases, f"the same releases {both}", member.last.releases)
            _check(member.last.split == first.last.split, f"the same split {both}", member.last.split)
            same = member.preprocess_of(member.last) == first.preprocess_of(first.last)
            _check(same, f"the same preprocessing {both}", "others; set it without a member's name to change it in all")
            _check(member.assessment == first.assessment, f"the same assessment {both}", member.assessment)
        for policy in (member.chexpert for member in self.members if member.chexpert is not None):
            _check(policy == self.chexpert, "one policy for chexpert", policy.in_words)

    @property
    def seed(self) -> int:
        """The seed of the split."""
        return self.members[0].seed

    @property
    def releases(self) -> tuple[str, ...]:
        """Every release that a member names, in order of first mention."""
        return tuple(dict.fromkeys(name for member in self.members for name in member.releases))

    @property
    def chexpert(self) -> ChexpertPolicy | None:
        """What becomes of that release's uncertain labels, where a member reads the release."""
        return next((member.chexpert for member in self.members if member.chexpert is not None), None)

    @property
    def needs_lungs(self) -> bool:
        """Whether a stage of a member cuts pictures to their lung boxes."""
        return any(member.needs_lungs for member in self.members)

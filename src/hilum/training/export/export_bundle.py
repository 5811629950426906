"""From a graph to its bundle: smaller forms are tried, each is read as reading does, and the smallest good one is kept.

A system brings a judge, which says what its validation is and how it is read, and the forms that it tries.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from hilum.bundle.card import GRAPH, Compression
from hilum.bundle.card_part import CompressionMethod
from hilum.bundle.load import Bundle
from hilum.bundle.save import write_bundle
from hilum.errors import BundleError
from hilum.training.export.card_draft import CardDraft, Fits
from hilum.training.export.forms import Form
from hilum.training.records.hold_run import BUNDLE, DRAFT

Read = TypeVar("Read")

_TOO_STEEP = (
    ". After a short training, or on few images, this is rounding that a steep calibration enlarges: train longer, or "
    "on more images"
)
"""What to do where the graph as it is differs too: logits that are almost the same for all images need such a one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A bundle of which nothing is accepted yet: its graph and `files` beside it, to be tried in `folder`."""

    draft: CardDraft
    graph: bytes
    files: Mapping[str, bytes]
    folder: Path

    def bundle(self, fits: Fits) -> Bundle:
        """The bundle as it is read before anything is fitted, with what `fits` says until then."""
        return self.write(fits, folder=self.folder)

    def write(self, fits: Fits, *, folder: Path) -> Bundle:
        """The bundle in `folder`."""
        files = {GRAPH: self.graph, **self.files}
        return write_bundle(folder, card=self.draft.finish(fits, files=files), files=files, replace=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a form of the graph does to the scores of validation."""

    method: CompressionMethod
    before: tuple[float, ...]
    after: tuple[float, ...]

    @property
    def lost(self) -> float:
        """By how much the score fell that fell most."""
        return max(before - after for before, after in zip(self.before, self.after, strict=True))

    def of_auroc(self, *, changed: float | None = None) -> Compression:
        """The same for a card, where the first score is an AUROC; `changed` is the share of decisions that differ."""
        return Compression(
            method=self.method, auroc_before=self.before[0], auroc_after=self.after[0], decisions_changed=changed
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the card gets, and the largest `difference` from the network; 0 where the scores tell all.

    `changed` is the share of decisions that are not the network's, None where none are made or counted.
    """

    fits: Fits
    difference: float = 0.0
    changed: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """Every score may fall by less than `loss`; the difference may be `difference` at most, and so may `changed`."""

    loss: float
    difference: float = 0.0
    changed: float = 1.0


class Judge(Protocol[Read]):
    """Reads validation with a candidate through the engine, as `Reader` does; `Read` is what comes of it."""

    def read(self, candidate: Candidate, /) -> Read:
        """What the candidate's graph gives."""

    def scores(self, read: Read, /) -> tuple[float, ...]:
        """How good that is, the higher the better."""

    def judge(self, read: Read, /, *, whole: Read, cost: Cost) -> Judged:
        """What is fitted on it, and how far it is from the network; `whole` is what the graph as it is gave."""


def export_bundle(
    draft: CardDraft,
    *,
    graph: bytes,
    forms: Sequence[Form],
    judge: Judge[Read],
    allowed: Allowed,
    folder: Path,
    files: Mapping[str, bytes],
) -> Bundle:
    """Write `folder/bundle` with `files` and the first of `forms`, smallest first, that is within `allowed`.

    Raises `BundleError`, writing nothing, where no form is.
    """
    tried = folder / DRAFT
    shutil.rmtree(tried, ignore_errors=True)  # of a run that was killed
    try:
        whole = judge.read(Candidate(draft=draft, graph=graph, files=files, folder=tried / "whole"))
        before = judge.scores(whole)
        refused, advice = [], ""
        for form in forms:
            made = form.make(graph)
            candidate = Candidate(draft=draft, graph=made, files=files, folder=tried / form.method.replace(" ", "-"))
            read = whole if made == graph else judge.read(candidate)
            cost = Cost(method=form.method, before=before, after=judge.scores(read))
            if cost.lost >= allowed.loss:
                refused.append(f"{form.method} (loses {cost.lost:.4f})")
                continue
            judged = judge.judge(read, whole=whole, cost=cost)
            alike = judged.changed is None or judged.changed <= allowed.changed
            if alike and judged.difference <= allowed.difference:
                return candidate.write(judged.fits, folder=folder / BUNDLE)
            many = "" if alike else f", changes {judged.changed:.1%} of decisions"
            refused.append(f"{form.method} (differs by {judged.difference:.1e}{many})")
            advice = _TOO_STEEP if made == graph else ""
    finally:
        shutil.rmtree(tried, ignore_errors=True)
    decisions = "" if allowed.changed >= 1.0 else f", change at most {allowed.changed:.1%} of decisions"
    raise BundleError(
        f"No bundle was written: its graph may differ from the network by at most {allowed.difference} on validation"
        f"{decisions} and lose less than {allowed.loss} of its score, and every form failed this: {', '.join(refused)}"
        f"{advice}"
    )

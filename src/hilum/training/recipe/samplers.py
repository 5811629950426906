"""Samplers whose every draw is decided by the seed, the epoch and the draw's place in the epoch.

A run that was stopped goes on as it would have gone, and several processes share the order that one would have: with
batches of b / P, the batches of P processes together are the batches of b of one. Lightning must leave them as they are
(`use_distributed_sampler=False`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from torch.utils.data import Sampler

from hilum.errors import DataError, UsageError
from hilum.training.recipe.processes import training_processes

Draw = tuple[int, int]
"""The index of an image and the seed of its augmentation."""

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shuffled:
    """Every image once an epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelBalanced:
    """As many images with the first label (from 0.5 on) as without; those of which it is not known are not drawn.

    By default an epoch has as many draws as there are images; so with the samplers below.
    """

    images_per_epoch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassBalanced:
    """As many draws for each label, and for none of them."""

    images_per_epoch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientBalanced:
    """Each patient as often as any other; by default one image of each an epoch."""

    images_per_epoch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewBalanced:
    """As many images of each view with a label as without any, so that the view says nothing of there being one.

    An image without a positive is without any only where all its labels are known; else it is not drawn.
    """

    images_per_epoch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceBalanced:
    """As many images of each source, whatever their labels, so that a small release counts as much as a large one."""

    images_per_epoch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumBalanced:
    """As many images of each stratum with a label as without any, so that the stratum says nothing of there being one.

    An image's stratum is its record's: what a split balances beside the labels.
    """

    images_per_epoch: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharpnessBalanced:
    """The same for `bins` of equally many training images from the softest to the sharpest, by their mean gradient."""

    bins: int = 5
    images_per_epoch: int | None = None

    def __post_init__(self) -> None:
        if self.bins < 1:
            raise UsageError(f"A sampler that balances sharpness takes bins from 1 on; given: {self.bins}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupShares:
    """Groups of images drawn by stated shares (of any sum), its images in turn; who trains names the groups."""

    shares: Mapping[str, float]
    images_per_epoch: int


SamplerSpec = (
    Shuffled
    | LabelBalanced
    | ClassBalanced
    | PatientBalanced
    | ViewBalanced
    | SourceBalanced
    | StratumBalanced
    | SharpnessBalanced
)


class SeededSampler(Sampler[Draw]):
    """Draws `per_epoch` images in the order of `order`, dealt to the processes in turn.

    Where the processes do not divide `per_epoch`, the last draws that would make the shares unequal are left out.
    """

    def __init__(self, *, per_epoch: int, seed: int) -> None:
        if per_epoch < 1:
            raise DataError(f"An epoch needs at least one draw; given: {per_epoch}. Check the split")
        self._per_epoch, self._seed, self._epoch = per_epoch, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before each epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        return self._per_epoch // training_processes().count

    def __iter__(self) -> Iterator[Draw]:
        generator = np.random.default_rng((self._seed, self._epoch))
        chosen = self.order(generator)
        seeds = generator.integers(0, 2**31, size=len(chosen))
        processes = training_processes()
        share = slice(processes.rank, len(self) * processes.count, processes.count)
        return iter([(int(index), int(seed)) for index, seed in zip(chosen[share], seeds[share], strict=True)])

    @abstractmethod
    def order(self, generator: np.random.Generator) -> Indices:
        """The indices of one whole epoch's draws, (per_epoch,), from the generator alone."""


class ShuffledSampler(SeededSampler):
    """Every one of `count` images once an epoch, shuffled."""

    def __init__(self, count: int, *, seed: int) -> None:
        super().__init__(per_epoch=count, seed=seed)

    def order(self, generator: np.random.Generator) -> Indices:
        """A permutation."""
        return generator.permutation(self._per_epoch)


class BalancedSampler(SeededSampler):
    """As many images with the first label as without, each group without repeats while it lasts.

    `targets` is the first label of each image, (N,), positive from 0.5; images of NaN are in neither group.
    """

    def __init__(self, targets: npt.ArrayLike, *, per_epoch: int, seed: int) -> None:
        super().__init__(per_epoch=per_epoch, seed=seed)
        self._groups = outcome_groups(targets)
        if min(len(group) for group in self._groups) == 0:
            raise DataError("All training images have the label, or none has, as far as it is known. Check the split")

    def order(self, generator: np.random.Generator) -> Indices:
        """Both halves, shuffled together."""
        return _evenly(self._groups, count=self._per_epoch, generator=generator)


class ClassBalancedSampler(SeededSampler):
    """As many images drawn for each label, and for none of them, each group without repeats while it lasts.

    Class-aware sampling (Shen et al. 2016) for several labels an image: an image with two labels is in two groups.
    `targets` is (N, L), positive from 0.5, NaN where a label is missing. Images without a positive and with all labels
    known are the last group; it is left out where there is none. Raises `DataError` naming labels without positives.
    """

    def __init__(self, targets: npt.ArrayLike, *, labels: Sequence[str], per_epoch: int, seed: int) -> None:
        super().__init__(per_epoch=per_epoch, seed=seed)
        array = np.asarray(targets, np.float64)
        groups = [np.flatnonzero(array[:, column] >= 0.5) for column in range(len(labels))]
        lacking = [label for label, group in zip(labels, groups, strict=True) if len(group) == 0]
        if lacking:
            raise DataError(f"No training image has {', '.join(lacking)}. Leave the label out, or add data")
        without = np.flatnonzero((array < 0.5).all(axis=1))
        self._groups = [*groups, without] if len(without) else groups

    def order(self, generator: np.random.Generator) -> Indices:
        """All groups' draws, shuffled together."""
        return _evenly(self._groups, count=self._per_epoch, generator=generator)


class ViewBalancedSampler(SeededSampler):
    """As many draws of each view with some label and without any, each group without repeats while it lasts.

    `targets` is (N, L), positive from 0.5, NaN where a label is missing; `views` has one name an image. Images without
    a positive and with a label missing are in no group. A group that has no image is left out. Raises `DataError` where
    not every image has a view's name, and where a view has images of no group and lacks a group: what is drawn of it
    would say more of the labels than the view does.
    """

    def __init__(self, targets: npt.ArrayLike, *, views: Sequence[str], per_epoch: int, seed: int) -> None:
        super().__init__(per_epoch=per_epoch, seed=seed)
        array, names = np.asarray(targets, np.float64), np.asarray(views)
        if len(names) != len(array):
            raise DataError(f"{len(array)} images need as many views to balance them; given: {len(names)}")
        without, some = (array < 0.5).all(axis=1), (array >= 0.5).any(axis=1)
        groups: list[Indices] = []
        for view in sorted(set(views)):
            here = names == view
            both = [np.flatnonzero(here & kind) for kind in (without, some)]
            unknown = int(here.sum()) - sum(map(len, both))
            if unknown and min(map(len, both)) == 0:
                raise DataError(
                    f"{view!r} cannot be balanced: {len(both[1])} of its images have a label, {len(both[0])} are known "
                    f"to have none, of {unknown} it is not known. Add what is missing, or set another sampler"
                )
            groups += [group for group in both if len(group)]
        self._groups = groups

    def order(self, generator: np.random.Generator) -> Indices:
        """All groups' draws, shuffled together."""
        return _evenly(self._groups, count=self._per_epoch, generator=generator)


class SourceBalancedSampler(SeededSampler):
    """As many draws of each source, its images without repeats while they last; `sources` has one name an image."""

    def __init__(self, sources: Sequence[str], *, per_epoch: int, seed: int) -> None:
        super().__init__(per_epoch=per_epoch, seed=seed)
        names = np.asarray(sources)
        self._groups = [np.flatnonzero(names == name) for name in sorted(set(sources))]

    def order(self, generator: np.random.Generator) -> Indices:
        """All groups' draws, shuffled together."""
        return _evenly(self._groups, count=self._per_epoch, generator=generator)


class PatientBalancedSampler(SeededSampler):
    """Each patient as often as any other (within one draw), whose images take turns; `patients` has one name an image.

    By default an epoch draws one image of every patient.
    """

    def __init__(self, patients: Sequence[str], *, seed: int, per_epoch: int | None = None) -> None:
        names = sorted(set(patients))
        super().__init__(per_epoch=len(names) if per_epoch is None else per_epoch, seed=seed)
        array = np.asarray(patients)
        self._groups = [np.flatnonzero(array == name) for name in names]

    def order(self, generator: np.random.Generator) -> Indices:
        """Patients in random order, over and over; each time the next of the patient's own shuffled images."""
        patients = _deal(np.arange(len(self._groups)), count=self._per_epoch, generator=generator)
        waiting: list[list[int]] = [[] for _ in self._groups]
        chosen = []
        for patient in patients:
            if not waiting[patient]:
                waiting[patient] = generator.permutation(self._groups[patient]).tolist()
            chosen.append(waiting[patient].pop())
        return np.array(chosen, np.int64)


class GroupShareSampler(SeededSampler):
    """A share of each group, its images in turn, shuffled anew each round; `groups` has one name an image.

    Groups without images are left out and the other shares grow; images of groups without a share are never drawn.
    Raises `DataError` where no group has both.
    """

    def __init__(self, groups: Sequence[str], *, shares: Mapping[str, float], per_epoch: int, seed: int) -> None:
        super().__init__(per_epoch=per_epoch, seed=seed)
        names = np.asarray(groups)
        self._members = {name: np.flatnonzero(names == name) for name in shares if name in set(groups)}
        if not self._members:
            raise DataError(
                f"No image belongs to {', '.join(shares)}; groups found: {', '.join(sorted(set(groups))) or 'none'}"
            )
        self._shares = shares

    def order(self, generator: np.random.Generator) -> Indices:
        """All groups' draws, shuffled together."""
        return draw_groups(self._members, shares=self._shares, count=self._per_epoch, generator=generator)


def draw_groups(
    members: Mapping[str, Indices], *, shares: Mapping[str, float], count: int, generator: np.random.Generator
) -> Indices:
    """`count` draws, shuffled: how many of each group is multinomial by `shares`, its members come in turn."""
    weights = np.array([shares[name] for name in members])
    wanted = generator.multinomial(count, weights / weights.sum())
    dealt = [
        _deal(group, count=size, generator=generator)
        for group, size in zip(members.values(), wanted.tolist(), strict=True)
    ]
    chosen = np.concatenate(dealt)
    generator.shuffle(chosen)
    return chosen


def build_sampler(
    spec: SamplerSpec,
    *,
    targets: npt.ArrayLike,
    labels: Sequence[str],
    patients: Sequence[str],
    seed: int,
    views: Sequence[str] = (),
    sources: Sequence[str] = (),
    strata: Sequence[str] = (),
) -> SeededSampler:
    """The sampler of `spec` for images with `targets` (N, L) of `labels`, NaN where missing, and N `patients`.

    `views` are the images' N views, for `ViewBalanced`, `sources` the releases that they are of, for `SourceBalanced`,
    and `strata` their strata, for `StratumBalanced`, or bins of their sharpness, for `SharpnessBalanced`.

    Raises `DataError` where a label that must be balanced lacks an outcome.
    """
    array = np.asarray(targets, np.float64)
    if isinstance(spec, Shuffled):
        return ShuffledSampler(len(array), seed=seed)
    if isinstance(spec, PatientBalanced):
        return PatientBalancedSampler(patients, per_epoch=spec.images_per_epoch, seed=seed)
    per_epoch = len(array) if spec.images_per_epoch is None else spec.images_per_epoch
    match spec:
        case LabelBalanced():
            return BalancedSampler(array[:, 0], per_epoch=per_epoch, seed=seed)
        case ClassBalanced():
            return ClassBalancedSampler(array, labels=labels, per_epoch=per_epoch, seed=seed)
        case SourceBalanced():
            return SourceBalancedSampler(sources, per_epoch=per_epoch, seed=seed)
        case ViewBalanced() | StratumBalanced() | SharpnessBalanced():
            names = views if isinstance(spec, ViewBalanced) else strata
            return ViewBalancedSampler(array, views=names, per_epoch=per_epoch, seed=seed)


def outcome_groups(targets: npt.ArrayLike) -> tuple[Indices, Indices]:
    """The images with a label (from 0.5 on) and without it, by its `targets` (N,); of NaN in neither."""
    array = np.asarray(targets, np.float64)
    return np.flatnonzero(array >= 0.5), np.flatnonzero(array < 0.5)


def _evenly(groups: Sequence[Indices], *, count: int, generator: np.random.Generator) -> Indices:
    """`count` draws with equal shares of every group (the first groups have one more), shuffled."""
    sizes = [count // len(groups) + (rank < count % len(groups)) for rank in range(len(groups))]
    dealt = [_deal(group, count=size, generator=generator) for group, size in zip(groups, sizes, strict=True)]
    chosen = np.concatenate(dealt)
    generator.shuffle(chosen)
    return chosen


def _deal(group: Indices, *, count: int, generator: np.random.Generator) -> Indices:
    rounds = -(-count // len(group))
    permutations: list[npt.NDArray[Any]] = [generator.permutation(group) for _ in range(rounds)]
    return np.concatenate([*permutations, group[:0]])[:count]

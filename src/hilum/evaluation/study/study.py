"""A study, declared: which ways of making a model it sets side by side, what was published, and what is claimed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hilum.errors import UsageError
from hilum.evaluation.comparing.many_predictions import Pair
from hilum.evaluation.comparing.published import PublishedTable
from hilum.evaluation.report.label_figures import Pattern
from hilum.evaluation.study.claims import Claim
from hilum.evaluation.study.section import Section
from hilum.statistics.holm import ALPHA

__all__ = ["Arm", "MeanOf", "PublishedTable", "Study"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """One way of making a model: `name` is that of its predictions file, `title` stands on the page.

    `colour` (`#0072B2`) and `pattern` are those of its lines in the figures; by default they follow from its place.
    """

    name: str
    title: str
    colour: str | None = None
    pattern: Pattern | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanOf:
    """The unweighted mean of other arms' probabilities as they are kept, calibrated by fold; nothing is trained for it.

    It is no model that a bundle could be; `hilum.training.study.mean_arm` makes that one.
    """

    arm: Arm
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """Everything that decides what a study's tables, figures and page say, but for the predictions.

    Labels, the labels of the mean, protocol and folds are those of the predictions; `published` has its classes first.
    `pairs` are compared, first minus second. `groups` are columns of the predictions by which the figures are broken
    down. `t_level` is the level of the paired t-test over classes. Figures, groups, and differences and tests by class
    are of the arms `closely` and the pairs of these, where there are too many arms for all; by default of all. Raises
    `UsageError` for a name that is not an arm's.
    """

    name: str
    title: str
    arms: tuple[Arm | MeanOf, ...]
    pairs: tuple[Pair, ...]
    published: PublishedTable | None = None
    claims: tuple[Claim, ...] = ()
    sections: tuple[Section, ...] = ()
    groups: tuple[str, ...] = ("view",)
    t_level: float = ALPHA
    closely: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [arm.name for arm in self.shown]
        if len(names) < 2 or len(set(names)) < len(names):
            raise UsageError(
                f"A study needs two arms or more, each with a name of its own; given: {', '.join(names) or 'none'}"
            )
        wanted = [*(name for mean in self.means for name in mean.of), *(name for pair in self.pairs for name in pair)]
        wanted += self.closely
        for name in wanted:
            if name not in names:
                raise UsageError(f"The study {self.name} has no arm {name!r}. Available: {', '.join(names)}")
        if self.published is not None and self.published.measure != "AUROC":
            raise UsageError(
                f"The study {self.name} shows AUROCs beside published ones, and its published table holds "
                f"{self.published.measure}. Show another measure in a section"
            )
        for mean in self.means:
            if not mean.of or not set(mean.of) <= set(self.trained):
                raise UsageError(
                    f"{mean.arm.name} must be the mean of trained arms, not of {', '.join(mean.of) or 'none'}"
                )
        for claim in self.claims:
            if claim.pair not in self.pairs and claim.pair[::-1] not in self.pairs:
                raise UsageError(
                    f"A claim speaks of the pair {claim.pair}, which the study {self.name} does not compare"
                )

    @property
    def shown(self) -> tuple[Arm, ...]:
        """Every arm, in order."""
        return tuple(one.arm if isinstance(one, MeanOf) else one for one in self.arms)

    @property
    def trained(self) -> tuple[str, ...]:
        """The names of the arms that a training gives."""
        return tuple(one.name for one in self.arms if isinstance(one, Arm))

    @property
    def means(self) -> tuple[MeanOf, ...]:
        """The arms that are means of others."""
        return tuple(one for one in self.arms if isinstance(one, MeanOf))

    @property
    def titles(self) -> Mapping[str, str]:
        """The arms' titles by name."""
        return {arm.name: arm.title for arm in self.shown}

    @property
    def close_titles(self) -> Mapping[str, str]:
        """The titles of the arms that are shown closely, by name."""
        return {name: title for name, title in self.titles.items() if not self.closely or name in self.closely}

    @property
    def close_pairs(self) -> tuple[Pair, ...]:
        """The pairs of arms that are both shown closely."""
        return tuple(pair for pair in self.pairs if set(pair) <= set(self.close_titles))

    def pair_title(self, pair: Pair) -> str:
        """A pair as a column names it."""
        return f"{self.titles[pair[0]]} − {self.titles[pair[1]]}"

"""The methods of other authors that table 4 of Tran et al. 2021 sets beside its own, as arms of one study.

Command  `hilum study paediatric-methods --data vindr_pcxr=DIR --data chexpert=DIR --out runs/paediatric-methods`
Hardware not run on the releases here; eleven networks a fold, three of them on adults first.

- Chouhan et al. 2020 (Applied Sciences 10:559): the mean of five networks. They vote by majority; a mean of
  probabilities, as the paper's own method is, can be ranked.
- Rahman et al. 2020 (Applied Sciences 10:3233): four networks, each alone. Which of them stands in table 4 is not said;
  DenseNet-201 takes its place here, which Rahman et al. found best.
- Chen et al. 2020 (Medical Image Analysis 66): labels in a tree, conditional probabilities first and then unconditional
  ones (`training/recipe/hierarchical.py`). Tran et al. print no tree; this one, `ABOVE`, is ours.

The paper trained each as its own authors had. Here all children are learnt as the paper's own method learns them (its
preprocessing, optimiser, schedule, batches and 80 epochs), so that arms differ by method and start: cross-entropy from
the weights of the request, ImageNet's by default, without adults. Chen et al.'s two losses have half of the epochs
each. AlexNet and SqueezeNet are without their own classifiers (`networks/pooled_classifier.py`). GoogLeNet and
Inception v3 see pictures with mean and deviation 0.5, as their published weights were learnt. A network that two
methods share is trained once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from hilum.datasets.releases.chexpert import NO_FINDING
from hilum.datasets.releases.vindr_pcxr import TEN_LABELS
from hilum.evaluation.report.table import ReportTable
from hilum.evaluation.study.claims import CountAbove, MeanAbove
from hilum.evaluation.study.content import StudyContent
from hilum.evaluation.study.section import SectionContent
from hilum.evaluation.study.study import Arm, Study
from hilum.imaging.preprocess import PreprocessSpec
from hilum.networks.starting_weights import StartingWeights
from hilum.progress import SILENT, Progress
from hilum.systems.paediatric import paper
from hilum.systems.paediatric.recipe import BCE, EPOCHS, LOSSES, NETWORKS, children_alone, paediatric_db
from hilum.systems.paediatric.run_study import FoldOptions, run_recipes
from hilum.systems.paediatric.studies import MEAN
from hilum.training.recipe.hierarchical import Hierarchical
from hilum.training.recipe.recipe import FromStage, Recipe
from hilum.training.records.request import StudyRequest

NAME = "paediatric-methods"
CHOUHAN, RAHMAN, CHEN = "chouhan", "rahman", "chen"
CONDITIONAL, UNCONDITIONAL = "conditional", "unconditional"

OPACITY, AIRWAYS, PNEUMONIA = "any opacity", "any disease of the airways", "any pneumonia"
GROUPS = (OPACITY, AIRWAYS, PNEUMONIA)
ABOVE: Mapping[str, str] = {
    "Reticulonodular opacity": OPACITY,
    "Peribronchovascular interstitial opacity": OPACITY,
    "Other opacity": OPACITY,
    "Bronchial thickening": AIRWAYS,
    "Bronchitis": AIRWAYS,
    "Bronchiolitis": AIRWAYS,
    "Broncho-pneumonia": PNEUMONIA,
    "Pneumonia": PNEUMONIA,
    OPACITY: NO_FINDING,
    AIRWAYS: NO_FINDING,
    PNEUMONIA: NO_FINDING,
    "Other disease": NO_FINDING,
}
"""Our tree: what is found at all, three groups and Other disease under it, and the labels under the groups.

Signs and diseases are grouped by what they are of. No label stands under another, for the release does not give the
one wherever it gives the other.
"""

TREE = Hierarchical(above=ABOVE, alone=NO_FINDING, groups=GROUPS)

TITLES: Mapping[str, str] = {
    **NETWORKS,
    "alexnet": "AlexNet",
    "densenet201": "DenseNet-201",
    "googlenet": "GoogLeNet",
    "inception_v3": "Inception v3",
    "resnet18": "ResNet-18",
    "squeezenet1_1": "SqueezeNet",
}
AROUND_ZERO = ("googlenet", "inception_v3")
"""Networks whose published weights were learnt on pictures with mean and deviation 0.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """The backbones of each method: the paper's own, the five of the mean, the four alone, and the tree's one.

    The third of the four stands in table 4's column.
    """

    own: tuple[str, ...] = tuple(NETWORKS)
    five: tuple[str, ...] = ("alexnet", "densenet121", "inception_v3", "resnet18", "googlenet")
    four: tuple[str, ...] = ("alexnet", "resnet18", "densenet201", "squeezenet1_1")
    tree: str = "densenet121"

    @property
    def means(self) -> Mapping[str, tuple[str, ...]]:
        """The arms that are means of others, and of which."""
        return {MEAN: self.own, CHOUHAN: tuple(self.arm(name) for name in self.five)}

    @property
    def plain(self) -> tuple[str, ...]:
        """Those that learn children alone by cross-entropy, each once."""
        return tuple(dict.fromkeys((*self.five, *self.four)))

    def arm(self, backbone: str) -> str:
        """What the arm of a plain network is called: as table 4's column where it stands in it."""
        return RAHMAN if backbone == self.four[2] else f"plain-{backbone}"


DEFAULTS, PUBLISHED = FoldOptions(), Networks()


def methods_study(networks: Networks = PUBLISHED) -> Study:
    """The arms beside table 4, and its claim that the paper's own method is above the three others."""
    others = (CHOUHAN, RAHMAN, CHEN)
    return Study(
        name=NAME,
        title="Children's chests: the paper's method and three of other authors",
        arms=(
            *(Arm(name=name, title=f"{_title(name)}, adults first") for name in networks.own),
            Arm(name=MEAN, title="Tran et al.: mean of three"),
            *(Arm(name=networks.arm(name), title=_plain_title(name, networks=networks)) for name in networks.plain),
            Arm(name=CHOUHAN, title="Chouhan et al.: mean of five"),
            Arm(name=CHEN, title=f"Chen et al.: {_title(networks.tree)}, labels in a tree"),
        ),
        pairs=tuple((MEAN, other) for other in others),
        published=paper.ENSEMBLE,
        claims=(*(MeanAbove((MEAN, other)) for other in others), *(CountAbove((MEAN, other)) for other in others)),
        sections=(tree_section,),
        groups=("sex",),
    )


def tree_recipe(start: StartingWeights, *, backbone: str) -> Recipe:
    """Children alone by both losses of the tree, half of the epochs each; the groups are labels of the network."""
    whole = children_alone(start, loss=LOSSES[BCE], backbone=backbone)
    labels = (*TEN_LABELS, *GROUPS)
    first = replace(
        whole.last,
        name=CONDITIONAL,
        labels=labels,
        loss=replace(TREE, probability="conditional"),
        epochs=EPOCHS // 2,
    )
    second = replace(first, name=UNCONDITIONAL, loss=TREE, start=FromStage(stage=CONDITIONAL))
    return replace(whole, name=f"{NAME}-{CHEN}", stages=(first, second))


def plain_recipe(start: StartingWeights, *, backbone: str) -> Recipe:
    """Children alone by cross-entropy."""
    recipe = children_alone(start, loss=LOSSES[BCE], backbone=backbone)
    if backbone not in AROUND_ZERO:
        return recipe
    spec = PreprocessSpec(steps=recipe.preprocess.steps, mean=(0.5,) * 3, std=(0.5,) * 3)
    return replace(recipe, preprocess=spec)


def study_methods(
    *,
    request: StudyRequest,
    own: FoldOptions = DEFAULTS,
    progress: Progress = SILENT,
    networks: Networks = PUBLISHED,
) -> None:
    """Train what is not trained yet, and write the page. Raises as `run_recipes` does."""
    start = request.start
    recipes = {
        **{name: paediatric_db(start, backbone=name) for name in networks.own},
        **{networks.arm(name): plain_recipe(start, backbone=name) for name in networks.plain},
        CHEN: tree_recipe(start, backbone=networks.tree),
    }
    study = methods_study(networks)
    run_recipes(study, recipes, means=networks.means, request=request, own=own, progress=progress)


def tree_section(content: StudyContent) -> SectionContent:
    """The tree, as a table."""
    del content
    table = ReportTable(
        key="tree",
        title="The tree of labels",
        columns=("label", "stands under"),
        rows=tuple((label, f"no {over}" if over == NO_FINDING else over) for label, over in ABOVE.items()),
        note="It is not the paper's, which prints none. A group is there where a label under it is.",
    )
    return SectionContent(key="tree", title="Labels in a tree", tables=(table,))


def _title(backbone: str) -> str:
    return TITLES.get(backbone, backbone)


def _plain_title(backbone: str, *, networks: Networks) -> str:
    of = [who for who, taken in (("Chouhan", networks.five), ("Rahman", networks.four)) if backbone in taken]
    return f"{_title(backbone)} ({' and '.join(of)} et al.)"

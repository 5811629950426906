"""The view of a chest: how its thresholds are chosen from held-out predictions, and what they do on other folds.

Chosen: the temperature by likelihood; the probability from which a chest is called lateral, so that at most
`FALSE_LATERALS` of the frontal ones of any source are; and those from which PA and AP are told, so that at most
`FALSE_VIEWS` of the chests of the other view of any source get the wrong one, and that at least `SURE` of those told
so, in the source that holds both, are. What lies between is left open, and where nothing is sure enough, all of it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from hilum.bundle.gate_outputs import PICTURE_VIEWS, VIEWS
from hilum.bundle.view_rule import ViewRule
from hilum.datasets.releases.kermany import SOURCE as KERMANY
from hilum.reading.gate.rules import chest_view, view_probabilities
from hilum.statistics.auroc_interval import patient_auroc
from hilum.statistics.outcomes import UndefinedMetric
from hilum.systems.gate.data.releases import CHEST_SOURCES, LATERAL_SOURCES, VIEW_SOURCE
from hilum.systems.gate.study.predictions import AS_READ, OTHER_PATIENTS, WHOLE_VIEWS, GatePredictions, Text
from hilum.systems.gate.study.shares import Bools, Share, ShareTable, mean_of, share

FALSE_LATERALS = 0.01
FALSE_VIEWS = 0.02
SURE = 0.95
FEWEST_TOLD = 20
"""On fewer chests than these nobody can say how sure a threshold is."""
NEVER = 1.0
"""A threshold of a view that is told of nothing: no softmax reaches it."""

Scores = npt.NDArray[np.float64]

_PA, _AP, _LATERAL = range(len(PICTURE_VIEWS))
_TEMPERATURES = np.geomspace(0.3, 6.0, 60)
_NOT_LEARNT = UndefinedMetric("lateral chests, or PA and AP ones, were not among the pictures", 0, 0)


def true_view(rows: GatePredictions) -> Text:
    """PA, AP, LL, `frontal` or nothing, (n,); Kermany's children are all AP, which no network learns from them."""
    return np.asarray(np.where(rows.source == KERMANY, "AP", rows.chest_view))


def probabilities(rows: GatePredictions, *, temperature: float) -> Scores:
    """The probabilities of `PICTURE_VIEWS`, (n, 3)."""
    each = [view_probabilities(logits, temperature=temperature) for logits in rows.logits]
    return np.stack(each) if each else np.zeros((0, len(PICTURE_VIEWS)))


def choose_view_rule(judged: GatePredictions) -> ViewRule | None:
    """Thresholds from held-out predictions; None where lateral chests, or those of either frontal view, are missing."""
    rows = _chests(judged)
    truth = true_view(rows)
    if not {"PA", "AP", "LL"} <= set(truth.tolist()):
        return None
    temperature = _temperature(rows, truth=truth)
    every = probabilities(rows, temperature=temperature)
    both = rows.view == OTHER_PATIENTS

    def frontal_from(view: int, *, other: str) -> float:
        false = _threshold(every[:, view], of=_decides(rows) & (truth == other), source=rows.source, budget=FALSE_VIEWS)
        return _sure_from(every[both, view], right=truth[both] != other, lowest=false)

    return ViewRule(
        temperature=temperature,
        lateral_from=_threshold(every[:, _LATERAL], of=truth != "LL", source=rows.source, budget=FALSE_LATERALS),
        ap_from=frontal_from(_AP, other="PA"),
        pa_from=frontal_from(_PA, other="AP"),
    )


def view_table(folds: GatePredictions) -> ShareTable:
    """Frontal chests kept and laterals told, and PA against AP; each fold by thresholds from the other folds."""
    return ShareTable(
        key="views",
        title="The view of a chest",
        protocol=(
            "lateral chests held out by patient, frontal ones by whole source, as read unless a padding is named; PA "
            f"against AP on patients of {VIEW_SOURCE} that the network never saw, on a source of children that are all "
            "AP and one of adults that are all PA, both never seen; each fold's thresholds are from the other folds"
        ),
        shares=_view_shares(folds),
    )


def _view_shares(folds: GatePredictions) -> dict[str, Share]:
    rows = folds.where((folds.chest_view != "") & np.isin(folds.view, (*WHOLE_VIEWS, OTHER_PATIENTS)))
    called = _called(rows, folds=folds)
    if called is None:
        return {"lateral chests told": _NOT_LEARNT}
    truth, as_read = true_view(rows), rows.view == AS_READ

    def of(said: Bools, chosen: Bools) -> Share:
        return share(said[chosen], groups=rows.group[chosen])

    kept = {
        f"frontal chests kept, {source}": of(called != "lateral", as_read & (rows.source == source))
        for source in CHEST_SOURCES
    }
    shares = {"frontal chests kept, mean over sources": mean_of(kept.values()), **kept}
    lateral = np.isin(rows.source, LATERAL_SOURCES)
    shares["lateral chests told"] = of(called == "lateral", as_read & lateral)
    for view in WHOLE_VIEWS[1:]:
        shares[f"lateral chests told, {view}"] = of(called == "lateral", (rows.view == view) & lateral)
    shares["AUROC, lateral against frontal"] = _auroc(rows, chosen=as_read, positive=truth == "LL", of=_LATERAL)
    apart = rows.view == OTHER_PATIENTS
    shares[f"AUROC, AP against PA, {VIEW_SOURCE}"] = _auroc(rows, chosen=apart, positive=truth == "AP", of=_AP)
    told = np.isin(called, ("PA", "AP"))
    shares[f"PA or AP told, {VIEW_SOURCE}"] = of(told, apart)
    shares[f"right, of PA or AP told, {VIEW_SOURCE}"] = of(called == truth, apart & told)
    for name, chosen in (("kermany", rows.source == KERMANY), ("wingspan", rows.source == "wingspan")):
        shares[f"PA or AP told, {name}"] = of(told, as_read & chosen)
        shares[f"wrong view told, {name}"] = of(told & (called != truth), as_read & chosen)
    return shares


def _called(rows: GatePredictions, *, folds: GatePredictions) -> Text | None:
    """What each row is called by the other folds' thresholds, empty where it is left open; None without thresholds."""
    called = np.full(len(rows), "", "<U8")
    for network in sorted(set(rows.network.tolist())):
        rule = choose_view_rule(folds.where(folds.network != network))
        if rule is None:
            return None
        own = np.flatnonzero(rows.network == network)
        called[own] = [chest_view(rows.logits[i], rule=rule).name or "" for i in own]
    return called


def _chests(judged: GatePredictions) -> GatePredictions:
    """The chests of which something is known of the view: held out and as read, and other patients."""
    return judged.where((judged.chest_view != "") & np.isin(judged.view, (AS_READ, OTHER_PATIENTS)))


def _decides(rows: GatePredictions) -> Bools:
    """Whether PA against AP is judged on a row: a network that never saw the source that tells them cannot know."""
    return np.asarray((rows.source != VIEW_SOURCE) | (rows.view == OTHER_PATIENTS), np.bool_)


def _temperature(rows: GatePredictions, *, truth: Text) -> float:
    """The temperature of the largest likelihood, every source counting the same."""
    chosen = _decides(rows) & (rows.source != KERMANY)
    logits, truth, source = rows.logits[chosen][:, VIEWS].astype(np.float64), truth[chosen], rows.source[chosen]
    allowed = np.stack(
        [(truth == "PA") | (truth == "frontal"), (truth == "AP") | (truth == "frontal"), truth == "LL"], 1
    )
    weights = np.array([1.0 / np.count_nonzero(source == each) for each in source])
    losses = []
    for temperature in _TEMPERATURES:
        scaled = logits / temperature
        powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        likelihood = (powers * allowed).sum(axis=1) / powers.sum(axis=1)
        losses.append(-(weights * np.log(likelihood + 1e-12)).sum())
    return float(_TEMPERATURES[int(np.argmin(losses))])


def _threshold(values: Scores, *, of: Bools, source: Text, budget: float) -> float:
    """The probability from which at most the share `budget` of the rows `of` any source are called so, 0.5 at least."""
    lowest = [np.quantile(values[of & (source == each)], 1 - budget) + 1e-6 for each in _sources(source[of])]
    return float(np.clip(max(lowest, default=NEVER), 0.5, NEVER))


def _sure_from(values: Scores, *, right: Bools, lowest: float) -> float:
    """The smallest of `values` (n,), from `lowest` on, from which at least the share `SURE` of them is `right`."""
    order = np.argsort(-values)
    count = np.arange(1, len(values) + 1)
    sure = np.cumsum(right[order]) / count >= SURE
    enough = np.flatnonzero(sure & (count >= FEWEST_TOLD) & (values[order] >= lowest))
    return float(values[order][enough[-1]]) if enough.size else NEVER


def _sources(names: Text) -> Iterable[str]:
    return sorted(set(names.tolist()))


def _auroc(rows: GatePredictions, *, chosen: Bools, positive: Bools, of: int) -> Share:
    """By patient, of one view's logit against the largest of the others."""
    logits = rows.logits[chosen][:, VIEWS].astype(np.float64)
    others = np.delete(logits, [of] if of == _LATERAL else [of, _LATERAL], axis=1).max(axis=1)
    patients, index = np.unique(rows.group[chosen], return_inverse=True)
    found = patient_auroc(positive[chosen], scores=logits[:, of] - others, patients=index, count=len(patients))
    return found if isinstance(found, UndefinedMetric) else found.estimate

"""Tables of a study of several networks, from its kept `study.json`: classes, claims, tests and views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markers import table

from hilum.evaluation.study.interval_sentence import interval_sentence
from hilum.evaluation.study.tables import p_text
from hilum.evaluation.study.training_time import time_in_words
from hilum.statistics.holm import is_significant

Json = dict[str, Any]
Titles = Mapping[str, str]
"""What each arm is called on the page, in order."""


def protocol_line(study: Json, *, sections: Sequence[str] = ()) -> str:
    """The protocol, how many images of how many patients, the split's hash, how intervals are made, and the command.

    Intervals are those of AUROCs and claims, and of what stands in the `sections` that the page shows.
    """
    group = study["ours"]
    shown = {name: study[name] for name in ("arms", "bootstrap", "ours", "claims") if name in study}
    shown["sections"] = {name: study["sections"][name] for name in sections}
    return (
        f"Protocol: {study['protocol']}. {group['n']:,} images of {group['patients']:,} patients; split "
        f"`{study['split_sha256'][:16]}`. {interval_sentence(shown)}. {made_by(study)}"
    )


def made_by(found: Json) -> str:
    """The command that made the kept figures, and how long it trained where they say it."""
    command = f"Made by `{found['command']}`" if found.get("command") else "The command was not kept"
    time = time_in_words(found)
    return f"{command}{'' if time is None else f', {time}'}."


def classes(group: Json, *, titles: Titles, pairs: Sequence[str]) -> str:
    """A row a class and one of the mean: each arm's AUROC, and the differences of `pairs`, as `first - second`."""
    header = ("class", "n (ill)", *titles.values(), *(spoken(pair, titles=titles) for pair in pairs))
    rows = [_class(label, one, titles=titles, pairs=pairs) for label, one in group["labels"].items()]
    means = [value(group["mean_auroc"][arm]) for arm in titles]
    apart = [value(group["mean_difference"][pair], sign=True) for pair in pairs]
    left = group["mean_left_out"]
    count = len(group["labels"]) - len(left)
    without = f" (without {', '.join(left)})" if left else ""
    return table(header, [*rows, (f"**mean of {count}**{without}", "", *means, *apart)])


def claims(found: Sequence[Json]) -> str:
    """The paper's claims, tested."""
    header = ("the paper's claim", "its numbers", "ours", "on our images")
    return table(header, [(one["claim"], one["paper"], one["ours"], one["verdict"]) for one in found])


def tests(found: Mapping[str, Json], *, titles: Titles) -> str:
    """The tests of each pair; the t-test's level is the study's own."""
    levels = sorted({one["paired_t"]["alpha"] for one in found.values() if "alpha" in one["paired_t"]})
    rows: list[tuple[str, ...]] = []
    for pair, one in found.items():
        t = one["paired_t"]
        said = (f"{t['t']:.2f}", p_text(t["p"]) or "–") if "t" in t else (str(t["undefined"]), "–")
        low = sum(is_significant(each["bootstrap_p_holm"]) for each in one["labels"].values())
        within = sum(is_significant(each["fold_delong_p_holm"]) for each in one["labels"].values())
        rows.append(
            (spoken(pair, titles=titles), *said, value(one["mean_difference"], sign=True), str(low), str(within))
        )
    header = (
        "pair",
        "paired t over classes",
        f"p (level {', '.join(map(str, levels))})" if levels else "p",
        "mean difference",
        "classes below 0.05, bootstrap with Holm",
        "classes below 0.05, DeLong within folds with Holm",
    )
    return table(header, rows)


def views(study: Json, *, titles: Titles, pair: str) -> str:
    """The classes of each view, folded away; empty where no view has any."""
    found = {name: view for name, view in study["groups"]["view"].items() if "labels" in view}
    if not found:
        return ""
    header = ("view", "class", "n (ill)", *titles.values(), spoken(pair, titles=titles))
    rows: list[tuple[str, ...]] = [
        (name, *_class(label, one, titles=titles, pairs=(pair,)))
        for name, view in found.items()
        for label, one in view["labels"].items()
        if "undefined" not in one
    ]
    return f"<details><summary>By view</summary>\n\n{table(header, rows)}\n\n</details>"


def means(study: Json, *, titles: Titles, pairs: Sequence[str]) -> str:
    """The mean AUROC of each arm and the differences of `pairs`, with the protocol above: for the README."""
    group = study["ours"]
    rows = [(title, value(group["mean_auroc"][arm])) for arm, title in titles.items()]
    rows += [(spoken(pair, titles=titles), value(group["mean_difference"][pair], sign=True)) for pair in pairs]
    count = len(group["labels"]) - len(group["mean_left_out"])
    return (
        f"Protocol: {study['protocol']}; {group['n']:,} images of {group['patients']:,} patients; split "
        f"`{study['split_sha256'][:16]}`. {made_by(study)}\n\n"
        f"{table(('network', f'mean AUROC of {count} findings'), rows)}"
    )


def value(one: Json, *, name: str = "value", sign: bool = False, digits: int = 3) -> str:
    """The figure of that name with its interval, or without where it has none; a dash where there is no figure."""
    form = f"{'+' if sign else ''}.{digits}f"
    if one.get(name) is None:
        return "–"
    text, bounds = format(one[name], form), one.get(f"{name}_ci")
    return text if bounds is None else f"{text} [{format(bounds[0], form)}, {format(bounds[1], form)}]"


def spoken(pair: str, *, titles: Titles) -> str:
    """`first - second` by the arms' titles."""
    return " − ".join(titles[name] for name in pair.split(" - "))


def _class(label: str, one: Json, *, titles: Titles, pairs: Sequence[str]) -> tuple[str, ...]:
    counts = f"{one['n']:,} ({one['positives']:,})"
    if "undefined" in one:
        return label, counts, str(one["undefined"]), *("–",) * (len(titles) + len(pairs) - 1)
    areas = [value(one["auroc"][arm]) for arm in titles]
    return label, counts, *areas, *(value(one["difference"][pair], sign=True) for pair in pairs)

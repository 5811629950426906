"""Write the results from the cards, the ledger and the benchmarks: `python docs/make_results.py [--check]`.

No figure of docs/results.md or the README is typed by hand. Benchmarks stand in `benchmarks/results`, which
`make benchmark` writes (`lab_benchmarks.py`); where a source is absent the page says so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lab_benchmarks import decoders, lab, pages, scaling, screening_memory
from make_sdfn import means
from markers import ROOT, table, write_or_check

from hilum.bundle.card import Card, GateFigure
from hilum.bundle.label import Label, LabelResult
from hilum.bundle.shelf import shipped_bundles
from hilum.evaluation.bundles.ledger import looks as looks_in
from hilum.evaluation.bundles.ledger import read_ledger

LEDGER = ROOT / "LEDGER.jsonl"
BENCHMARK = ROOT / "benchmarks" / "results" / "reading.json"
RATES = ("sensitivity", "specificity")
BURNED_IN = BENCHMARK.with_name("burned_in.json")
INSTALLATION = BENCHMARK.with_name("installation.json")
COLD = "cold `hilum read` / torchxrayvision script"
OLDEST = 100
"""An age in years above which an upper bound of a model's scope says nothing."""
PARTS = (": recall, ", "refused or unsure, ")
"""What stands in the names of a gate's figures that are for one type or one source."""


def validation() -> str:
    """What the cards of the shipped models say."""
    results = [
        (bundle.card, label, result)
        for bundle in shipped_bundles()
        for label in bundle.card.labels
        for result in label.results
        if not result.is_test
    ]
    rows = [_validation_row(*each) for each in results]
    if not rows:
        return "No model ships with this version."
    header = ("model", "finding", "images", "n (ill)", "AUROC", *RATES, "baseline AUROC")
    return f"{table(header, rows)}{_baselines(result.baseline for _, _, result in results)}"


def _baselines(names: Iterable[str | None]) -> str:
    """What the column of the baseline shows, where there is one."""
    known = dict.fromkeys(name for name in names if name)
    return f"\n\nThe baseline is a rule without a network: {'; '.join(known)}." if known else ""


def _validation_row(card: Card, label: Label, result: LabelResult) -> tuple[str, ...]:
    return (
        f"`{card.name}` {card.version}",
        label.name,
        result.set,
        f"{result.n:,} ({result.positives:,})",
        interval(result.auroc, result.auroc_ci),
        interval(result.sensitivity, result.sensitivity_ci),
        interval(result.specificity, result.specificity_ci),
        "" if result.baseline_auroc is None else f"{result.baseline_auroc:.3f}",
    )


def gate() -> str:
    """What the card of the shipped gate says: the figures that sum up, then the parts they are made of."""
    figures = [figure for bundle in shipped_bundles() if bundle.card.gate for figure in bundle.card.gate.figures]
    if not figures:
        return "No gate ships with this version."
    rows = [(figure, _gate_row(figure)) for figure in figures]
    parts = [row for figure, row in rows if _is_part(figure.name)]
    sums = [row for figure, row in rows if not _is_part(figure.name)]
    header = ("question", "share", "n (groups)")
    return (
        f"{table(header, sums)}\n\n<details><summary>By type and by source</summary>\n\n{table(header, parts)}\n\n"
        "</details>"
    )


def _is_part(name: str) -> bool:
    return any(word in name for word in PARTS) and not any(word in name for word in ("mean over", "mixed sources"))


def _gate_row(figure: GateFigure) -> tuple[str, ...]:
    return figure.name, interval(figure.value, figure.interval), f"{figure.n:,} ({figure.groups:,})"


def lungs() -> str:
    """What the card of the shipped lung network says of drawings that its networks never saw."""
    figures = [figure for bundle in shipped_bundles() if bundle.card.lungs for figure in bundle.card.lungs.figures]
    if not figures:
        return "No lung network ships with this version."
    rows = [
        (
            figure.source,
            figure.name,
            interval(figure.value, figure.interval),
            f"{figure.n:,} ({figure.groups:,})",
        )
        for figure in figures
    ]
    return table(("release", "measure", "value", "n (groups)"), rows)


def looks() -> str:
    """Every look at a test split, oldest first."""
    entries: list[dict[str, Any]] = [dict(look.fields) for look in looks_in(read_ledger(LEDGER))]
    if not entries:
        return "The test images were not looked at yet."
    rows = [
        (
            str(number),
            str(look["date"])[:10] + ("*" if look.get("dirty") else "") + ("" if _has_method(look) else "†"),
            f"`{look['bundle'] or look['judged']}` `{(look['bundle_sha256'] or look['predictions_sha256'])[:8]}`",
            _counted(look),
            _looked(look, "auroc"),
            _looked(look, "balanced_accuracy"),
            *(_looked(look, name) for name in RATES),
            _looked(look, "calibration_in_the_large", digits=2),
            _looked(look, "calibration_slope", digits=2),
            _looked(look, "baseline_auroc", bounds=False),
        )
        for number, look in enumerate(entries, start=1)
    ]
    header = ("look", "date", "model", "n (ill)", "AUROC", "balanced accuracy", *RATES)
    header += ("calibration in the large", "slope", "baseline AUROC")
    times = "once" if len(entries) == 1 else f"{len(entries)} times"
    protocols = "\n".join(f"- {protocol}" for protocol in dict.fromkeys(look["protocol"] for look in entries))
    changed = (
        "\n\n\\* The code had changes that were not committed." if any(look.get("dirty") for look in entries) else ""
    )
    if not all(map(_has_method, entries)):
        changed += "\n\n† The intervals are of the percentile bootstrap, which began too high; the later look's hold."
    words = next((look["calibration_in_words"] for look in reversed(entries) if look.get("calibration_in_words")), None)
    said = _rests(entries) + (f"\n\n**How far its probabilities hold there:** {words}" if words else "")
    return (
        f"The test images were looked at {times}; each look stands in [LEDGER.jsonl](../LEDGER.jsonl).\n\n"
        f"{table(header, rows)}{changed}{said}{_baselines(look.get('baseline') for look in entries)}\n\n"
        f"Protocol:\n\n{protocols}"
    )


def _rests(entries: Sequence[Mapping[str, Any]]) -> str:
    """What looks at whether the score rests on the lungs found, a sentence each."""
    return "".join(
        f"\n\nLook {number} hid the lungs of what was called ill (`benchmarks/faithfulness.py`): they move the score "
        f"more than as much elsewhere in {look['faithful']:.3f}, and {look['median_map_inside_the_lungs']:.3f} of the "
        "heatmap lies inside them in the median."
        for number, look in enumerate(entries, start=1)
        if look.get("faithful") is not None
    )


def _has_method(look: dict[str, Any]) -> bool:
    """Whether the look says how its interval was made; the earliest did not, and took the percentile bootstrap."""
    return look.get("auroc") is None or look.get("auroc_ci_method") is not None


def _counted(look: dict[str, Any]) -> str:
    """How many images, and how many of them ill; of a look that was stopped how many it was to be."""
    positives = look.get("positives")
    return f"{look.get('n', look.get('images')):,}" + ("" if positives is None else f" ({positives:,})")


def _looked(look: dict[str, Any], name: str, *, bounds: bool = True, digits: int = 3) -> str:
    """One number of a look; empty where it has none: a look at many labels gives their mean AUROC alone."""
    value, known = look.get(name), look.get(f"{name}_ci")
    if value is None:
        return ""
    if not bounds or known is None:
        return f"{value:.{digits}f}"
    return f"{value:.{digits}f} [{known[0]:.{digits}f}, {known[1]:.{digits}f}]"


def speed() -> str:
    """The benchmark's targets with what was measured, and the medians behind them."""
    if not BENCHMARK.is_file():
        return "Not measured for this version; `make benchmark` does."
    report = json.loads(BENCHMARK.read_text(encoding="utf-8"))
    machine = report["machine"]
    targets = [
        (each["what"], f"{each['value']:g}", each["wanted"], "yes" if each["reached"] else "**no**")
        for each in report["targets"]
    ]
    medians = [(side, f"{ms:,.1f}") for side, ms in report["median_ms"].items()]
    return (
        f"hilum {report['hilum']}, {machine['processor']}, {machine['threads']} threads, Python {machine['python']}\n\n"
        f"{table(('measure', 'value', 'wanted', 'reached'), targets)}\n\n"
        f"<details><summary>Medians</summary>\n\n{table(('side', 'ms'), medians)}\n\n</details>"
    )


SUMMED = {
    "xray-gate": (
        ("X-ray or not: balanced accuracy, as read", "is it an X-ray? balanced accuracy"),
        ("Type, on the sources that hold many types: accuracy", "of which of fourteen body parts? accuracy"),
        ("The view of a chest: lateral chests told", "lateral chests told apart"),
    ),
    "lung-regions": (
        ("wingspan: Dice, fields", "lungs of adults, outlined: Dice"),
        ("wingspan: Dice, heart", "heart of adults, outlined: Dice"),
        ("wingspan: cardiothoracic ratio, mean absolute error", "cardiothoracic ratio: mean absolute error"),
    ),
}
"""The figures of the README: name on the card (after its source, where it has one), and what a reader calls it."""


def reads() -> str:
    """What the shipped models read and how well, one table: the gate, the lungs, then each decided finding."""
    rows = []
    for card in sorted((bundle.card for bundle in shipped_bundles()), key=lambda card: card.gate is None):
        known = {figure.name: figure for figure in card.gate.figures} if card.gate else {}
        known |= {f"{figure.source}: {figure.name}": figure for figure in card.lungs.figures} if card.lungs else {}
        for name, words in SUMMED.get(card.name, ()):
            figure = known[name]
            rows.append((words, f"{figure.n:,}", interval(figure.value, figure.interval), f"`{card.name}`"))
    rows += [
        row for bundle in shipped_bundles() for label in bundle.card.labels for row in _read_rows(bundle.card, label)
    ]
    return f"{table(('what', 'images (ill)', 'how well', 'model'), rows)}\n\n{_children_on_test()}"


def _read_rows(card: Card, label: Label) -> list[tuple[str, ...]]:
    """The first result of a label that is decided: on validation images, or cross-validated."""
    results = [result for result in label.results if not result.is_test]
    if label.operating_point is None or not results:
        return []
    who, ages = "", card.scope.age_years
    if ages is not None:
        who = f", from {ages[0]:.0f} years" if ages[1] > OLDEST else f", {ages[0]:.0f} to {int(ages[1])} years"
    told = results[0]
    auroc = f"AUROC {interval(told.auroc, told.auroc_ci)}"
    return [(f"{label.name}{who}", f"{told.n:,} ({told.positives:,})", auroc, f"`{card.name}`")]


def _children_on_test() -> str:
    """The newest look at how well test images are ranked and decided, in one sentence."""
    entries: list[dict[str, Any]] = [dict(look.fields) for look in looks_in(read_ledger(LEDGER))]
    look = next((look for look in reversed(entries) if look.get("auroc") is not None), None)
    if look is None:
        return ""
    auroc, sensitivity, specificity = (_looked(look, name) for name in ("auroc", *RATES))
    return (
        f"On {look['n']:,} test images ({look['positives']:,} ill) `{look['bundle'] or look['judged']}` reached AUROC "
        f"{auroc}, sensitivity {sensitivity} and specificity {specificity}."
    )


def peers() -> str:
    """How fast and how large hilum is beside torchxrayvision, from the benchmarks."""
    if not (BENCHMARK.is_file() and INSTALLATION.is_file()):
        return "Not measured for this version; `make benchmark` does."
    ratios = {
        each["what"]: each["value"]
        for file in (BENCHMARK, INSTALLATION)
        for each in json.loads(file.read_text(encoding="utf-8"))["targets"]
    }
    batch, cold = (ratios[what] for what in ("batch of 16: hilum / torchxrayvision, images/s", COLD))
    disk = ratios["installed: hilum / torchxrayvision"]
    return (
        "Beside torchxrayvision, in one run on one machine (`make benchmark`): with the same DenseNet-121 and 14 "
        f"heatmaps besides, hilum reads **{batch:.1f} times as many images a second** in batches of 16. A first "
        f"reading takes {cold:.0%} of the time, from the command to the findings of one PNG; the installation takes "
        f"{disk:.0%} of the disk."
    )


def burned_in() -> str:
    """How often text was found that was written on real images, and text that was there before."""
    if not BURNED_IN.is_file():
        return "Not measured for this version; `benchmarks/burned_in.py` does."
    report = json.loads(BURNED_IN.read_text(encoding="utf-8"))
    rows = [
        (what, interval(share["value"], (share["low"], share["high"])), f"{share['n']:,}")
        for what, share in report["shares"].items()
    ]
    by = f"Measured by `benchmarks/burned_in.py`, seed {report['seed']}."
    return f"{table(('what', 'share of images', 'n'), rows)}\n\n{by}"


def interval(value: float, bounds: list[float] | tuple[float, float] | None) -> str:
    """A value with its 95% interval, or without where it has none."""
    return f"{value:.3f}" if bounds is None else f"{value:.3f} [{bounds[0]:.3f}, {bounds[1]:.3f}]"


def main() -> int:
    """Write, or check with `--check`."""
    parts = {"validation": validation(), "gate": gate(), "lungs": lungs(), "looks": looks(), "speed": speed()}
    parts |= {"sdfn": means(), "lab": lab()}
    written = {"README.md": {"reads": reads(), "peers": peers()}, "docs/results.md": parts}
    written |= {"docs/how-to/share-without-names.md": {"burned-in": burned_in()}}
    written |= {"docs/concepts/decoders.md": {"decoders": decoders()}}
    written |= {"docs/how-to/read-a-folder.md": {"pages": pages()}}
    written |= {"docs/how-to/screen.md": {"scaling": scaling(), "memory": screening_memory()}}
    return write_or_check(written, check="--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

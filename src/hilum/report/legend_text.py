"""What is drawn on a picture, in one sentence, where no legend stands beside it."""

from __future__ import annotations

from hilum.reading_result import Examination


def drawn_text(examination: Examination, *, drawn: frozenset[tuple[str, str]]) -> str:
    """`Heatmap of Pneumonia. Blue: its box. Green: lungs. Pink: heart.`; empty where the picture is plain.

    `drawn` holds (model, finding) of what is drawn, as `hilum.report.overlay.draw_examination` takes it.
    """
    findings = [one for one in examination.reading.findings if (one.model, one.name) in drawn]
    maps = {(heatmap.model, heatmap.finding) for heatmap in examination.heatmaps}
    named = dict.fromkeys(one.name for one in findings if (one.model, one.name) in maps)
    boxes = sum(len(one.boxes) for one in findings)
    parts = [f"Heatmap of {', '.join(named)}"] if named else []
    parts += ["Blue: its box" if boxes == 1 else "Blue: boxes"] if boxes else []
    verdict, lungs = examination.reading.lungs, examination.lungs
    if verdict is not None and lungs is not None:
        unsure = "" if verdict.trusted else ", in broken lines: not to be relied on"
        parts += [f"Green: lungs{unsure}"] if lungs.sides(lungs.outlined) is not None else []
        parts += ["Pink: heart"] if lungs.heart is not None else []
    return "".join(f"{part}. " for part in parts).rstrip()

"""Where the time of a run went: a table for each kind of threads, and the same as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from hilum.profile import MAIN, OTHER, Profile

SCHEMA = "hilum.profile/1"
_TINY_S = 0.0005
"""Parts below both in time that passed and processor time stand in the JSON alone."""


def profile_table(profile: Profile, *, images: int) -> RenderableType:
    """The run as tables that fit 80 columns: the main thread, whose parts add up, then what works beside it."""
    cores = profile.cpu_s / profile.wall_s if profile.wall_s else 0.0
    head = f"{profile.wall_s:.2f} s passed, {profile.cpu_s:.2f} s of processor time ({cores:.1f} cores on average)"
    kinds = dict.fromkeys((MAIN, *profile.threads, OTHER))
    note = "Parts of the main thread add up to the time that passed; other threads work beside it."
    return Group(
        Text(f"where the time went: {head}", style="bold"),
        *(_kind(profile, kind=kind, images=images) for kind in kinds),
        Text(note, style="dim"),
    )


def profile_to_json(profile: Profile, *, images: int) -> dict[str, Any]:
    """The same as a JSON object; seconds, and milliseconds an image where there was one."""
    return {
        "schema": SCHEMA,
        "images": images,
        "wall_s": round(profile.wall_s, 6),
        "cpu_s": round(profile.cpu_s, 6),
        "threads": profile.threads,
        "parts": [
            {
                **asdict(one),
                "wall_s": round(one.wall_s, 6),
                "cpu_s": round(one.cpu_s, 6),
                "wall_ms_an_image": round(one.wall_s * 1e3 / images, 3) if images else None,
                "cpu_ms_an_image": round(one.cpu_s * 1e3 / images, 3) if images else None,
            }
            for kind in dict.fromkeys((MAIN, *profile.threads, OTHER))
            for one in profile.of(kind)
        ],
    }


def _kind(profile: Profile, *, kind: str, images: int) -> Table:
    count = profile.threads.get(kind, 0)
    several = f"{kind} ({count} threads)" if count > 1 else kind
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(several, min_width=26)
    for name in ("s", "share", "CPU s", "ms an image"):
        table.add_column(name, justify="right", min_width=7)
    for one in profile.of(kind):
        if max(one.wall_s, one.cpu_s) < _TINY_S:
            continue
        share = f"{one.wall_s / profile.wall_s:.0%}" if kind == MAIN and profile.wall_s else ""
        each = f"{max(one.wall_s, one.cpu_s) * 1e3 / images:.1f}" if images else ""
        table.add_row(one.part, f"{one.wall_s:.2f}" if kind != OTHER else "", share, f"{one.cpu_s:.2f}", each)
    return table

"""A profile as tables and as JSON: every part stands there, with its share and its time an image."""

import json

from rich.console import Console

from hilum.profile import MAIN, OTHER, REST, Profile, Spent
from hilum.report.profile_table import profile_table, profile_to_json

FOUND = Profile(
    10.0,
    12.0,
    (
        Spent(MAIN, "waiting for decode", 4, 2.5, 0.0),
        Spent(MAIN, "gate", 2, 6.0, 1.0),
        Spent(MAIN, "too short", 1, 0.0001, 0.0001),
        Spent(MAIN, REST, 1, 1.4999, 0.4999),
        Spent("decode", "decode", 4, 5.0, 4.0),
        Spent(OTHER, REST, 1, 0.0, 6.5),
    ),
    {MAIN: 1, "decode": 2},
)


def shown(profile: Profile, *, images: int) -> list[list[str]]:
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(profile_table(profile, images=images))
    return [line.split() for line in console.export_text().splitlines()]


def test_the_table_has_seconds_shares_and_milliseconds_an_image() -> None:
    lines = shown(FOUND, images=4)
    assert lines[0][:6] == ["where", "the", "time", "went:", "10.00", "s"]
    assert ["gate", "6.00", "60%", "1.00", "1500.0"] in lines
    assert ["waiting", "for", "decode", "2.50", "25%", "0.00", "625.0"] in lines
    assert ["decode", "5.00", "4.00", "1250.0"] in lines, "threads beside the main one have no share of its time"
    assert ["the", "rest", "6.50", "1625.0"] in lines, "what no part named has processor time alone"
    assert any(line[:3] == ["decode", "(2", "threads)"] for line in lines)
    assert not any("short" in line for line in lines)
    assert all(len(" ".join(line)) <= 80 for line in lines)


def test_the_json_has_every_part_and_adds_up() -> None:
    found = profile_to_json(FOUND, images=4)
    assert json.loads(json.dumps(found)) == found
    assert (found["schema"], found["images"]) == ("hilum.profile/1", 4)
    main = [part for part in found["parts"] if part["threads"] == MAIN]
    assert sum(part["wall_s"] for part in main) == found["wall_s"]
    assert sum(part["cpu_s"] for part in found["parts"]) == found["cpu_s"]
    assert main[0] == {
        "threads": MAIN, "part": "gate", "times": 2, "wall_s": 6.0, "cpu_s": 1.0, "wall_ms_an_image": 1500.0,
        "cpu_ms_an_image": 250.0,
    }  # fmt: skip


def test_without_an_image_there_is_no_time_an_image() -> None:
    assert all(part["wall_ms_an_image"] is None for part in profile_to_json(FOUND, images=0)["parts"])
    assert ["gate", "6.00", "60%", "1.00"] in shown(FOUND, images=0)

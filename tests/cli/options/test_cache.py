from pathlib import Path

import pytest

from hilum.cli.options.cache import cache_folder


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"HOME": "/home/a"}, "/home/a/.cache/hilum"),
        ("linux", {"HOME": "/home/a", "XDG_CACHE_HOME": "/fast"}, "/fast/hilum"),
        ("darwin", {"HOME": "/Users/a"}, "/Users/a/Library/Caches/hilum"),
        ("win32", {"USERPROFILE": "C:/Users/a"}, "C:/Users/a/AppData/Local/hilum/cache"),
        ("win32", {"LOCALAPPDATA": "C:/Local"}, "C:/Local/hilum/cache"),
        ("linux", {"HOME": "/home/a", "HILUM_CACHE": "/scratch/hilum"}, "/scratch/hilum"),
    ],
)
def test_the_folder_of_the_platform_or_of_the_variable(platform, environment, expected):
    assert cache_folder(None, environment=environment, platform=platform) == Path(expected)


def test_the_option_goes_before_the_variable():
    assert cache_folder("here", environment={"HILUM_CACHE": "/scratch"}) == Path("here")
    assert cache_folder("here", environment={"HILUM_CACHE": "none"}) == Path("here")


@pytest.mark.parametrize(("named", "environment"), [("none", {}), (None, {"HILUM_CACHE": "none"})])
def test_none_is_no_folder(named, environment):
    assert cache_folder(named, environment=environment) is None


def test_a_home_is_expanded(monkeypatch):
    monkeypatch.setenv("HOME", "/home/b")
    monkeypatch.setenv("USERPROFILE", "/home/b")
    assert cache_folder("~/images", environment={}) == Path("/home/b/images")

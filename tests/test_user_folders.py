from pathlib import Path, PurePosixPath

import pytest

from hilum.user_folders import user_folder

HOME = {"HOME": "/home/a"}


@pytest.mark.parametrize(
    ("kind", "platform", "expected"),
    [
        ("cache", "linux", "/home/a/.cache/hilum"),
        ("settings", "linux", "/home/a/.config/hilum"),
        ("data", "linux", "/home/a/.local/share/hilum"),
        ("state", "linux", "/home/a/.local/state/hilum"),
        ("cache", "darwin", "/home/a/Library/Caches/hilum"),
        ("settings", "darwin", "/home/a/Library/Application Support/hilum"),
        ("data", "darwin", "/home/a/Library/Application Support/hilum"),
        ("state", "darwin", "/home/a/Library/Application Support/hilum"),
        ("cache", "win32", "/home/a/AppData/Local/hilum/cache"),
        ("settings", "win32", "/home/a/AppData/Roaming/hilum"),
        ("data", "win32", "/home/a/AppData/Local/hilum"),
        ("state", "win32", "/home/a/AppData/Local/hilum"),
    ],
)
def test_each_kind_has_its_folder_on_each_platform(kind, platform, expected):
    assert PurePosixPath(user_folder(kind, environment=HOME, platform=platform)) == PurePosixPath(expected)


@pytest.mark.parametrize(
    ("kind", "platform", "variable", "expected"),
    [
        ("cache", "linux", "XDG_CACHE_HOME", "/x/hilum"),
        ("settings", "linux", "XDG_CONFIG_HOME", "/x/hilum"),
        ("data", "linux", "XDG_DATA_HOME", "/x/hilum"),
        ("state", "linux", "XDG_STATE_HOME", "/x/hilum"),
        ("cache", "win32", "LOCALAPPDATA", "/x/hilum/cache"),
        ("settings", "win32", "APPDATA", "/x/hilum"),
    ],
)
def test_a_variable_names_another(kind, platform, variable, expected):
    assert user_folder(kind, environment={**HOME, variable: "/x"}, platform=platform) == Path(expected)
    empty = {**HOME, variable: ""}
    assert user_folder(kind, environment=empty, platform=platform) == user_folder(
        kind, environment=HOME, platform=platform
    )


def test_the_home_of_windows_and_no_home_at_all(monkeypatch):
    assert user_folder("data", environment={"USERPROFILE": "/u"}, platform="linux") == Path("/u/.local/share/hilum")
    monkeypatch.setattr(Path, "home", lambda: Path("/nobody"))
    assert user_folder("cache", environment={}, platform="linux") == Path("/nobody/.cache/hilum")

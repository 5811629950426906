"""The compose file: every command, variable, volume, port and secret in it is one that somebody uses."""

import re
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")

DEPLOY = Path(__file__).parents[2] / "deploy"
OURS = ("serve", "listen")
KNOWN = {
    "image", "build", "restart", "init", "read_only", "tmpfs", "cap_drop", "security_opt", "pids_limit", "mem_limit",
    "stop_grace_period", "logging", "command", "environment", "secrets", "configs", "volumes", "ports", "networks",
    "depends_on", "healthcheck", "shm_size",
}  # fmt: skip
"""Keys of a service, as the Compose Specification has them."""


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def words_of(service: dict[str, Any]) -> list[str]:
    return [str(word) for word in service["command"]]


def named(entries: list[Any]) -> set[str]:
    return {entry["source"] if isinstance(entry, dict) else entry for entry in entries}


def paths_of(service: dict[str, Any]) -> set[str]:
    """Every file under /run/secrets that a service is told to read."""
    told = [*map(str, service.get("command", ())), *map(str, service.get("environment", {}).values())]
    return set(re.findall(r"/run/secrets/([\w-]+)", " ".join(told)))


def test_services_hold_what_the_specification_knows(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"serve", "listen", "postgresql", "orthanc"}
    for name, service in compose["services"].items():
        assert set(service) <= KNOWN, name
        assert service["restart"] == "unless-stopped"
        assert re.fullmatch(r"[\w./-]+:\d[\w.-]*", service["image"]), f"{name}: name a version, not the newest"
        assert "no-new-privileges:true" in service["security_opt"]


@pytest.mark.parametrize("name", OURS)
def test_our_services_are_shut_in(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"


@pytest.mark.parametrize("name", OURS)
def test_commands_are_command_lines_of_hilum(compose: dict[str, Any], name: str, parsed: Any) -> None:
    service = compose["services"][name]
    assert words_of(service)[0] == name
    called = parsed(words_of(service))
    assert called["host"] == "0.0.0.0"
    assert [port.rpartition(":")[2] for port in service["ports"]] == [str(called["port"])]
    (volume,) = service["volumes"]
    assert called["folder"].is_relative_to(volume.partition(":")[2])


@pytest.mark.parametrize("name", OURS)
def test_variables_are_ones_that_hilum_reads(compose: dict[str, Any], name: str, variables: frozenset[str]) -> None:
    assert set(compose["services"][name]["environment"]) <= variables


def test_what_env_example_names_is_what_the_file_asks_for(compose: dict[str, Any]) -> None:
    asked = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", (DEPLOY / "compose.yaml").read_text()))
    lines = (DEPLOY / "env.example").read_text().splitlines()
    told = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert told == asked


def test_everything_declared_is_used_and_the_other_way(compose: dict[str, Any]) -> None:
    services = compose["services"].values()
    mounted = {volume.partition(":")[0] for service in services for volume in service.get("volumes", ())}
    assert mounted == set(compose["volumes"])
    for part in ("secrets", "configs"):
        assert set().union(*(named(service.get(part, [])) for service in services)) == set(compose[part])
    assert set().union(*(service["networks"] for service in services)) == set(compose["networks"])
    for service in services:
        needed = {entry for entry in named(service.get("secrets", [])) if entry != "orthanc-users"}
        assert paths_of(service) == needed


def test_nothing_is_open_to_others_by_itself(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for port in service.get("ports", ()):
            assert port.startswith(("127.0.0.1:", "${HILUM_ADDRESS:-127.0.0.1}:"))
    assert "ports" not in compose["services"]["postgresql"]
    assert compose["networks"]["database"] == {"internal": True}


def test_no_secret_stands_in_a_file(compose: dict[str, Any]) -> None:
    assert all(entry["file"].startswith("./secrets/") for entry in compose["secrets"].values())
    assert not (DEPLOY / "secrets").exists() or "deploy/secrets" in (DEPLOY.parent / ".gitignore").read_text()
    assert "deploy/secrets/" in (DEPLOY.parent / ".gitignore").read_text().splitlines()


def test_the_database_that_serve_opens_is_the_one_that_is_made(compose: dict[str, Any], parsed: Any) -> None:
    from sqlalchemy import make_url

    called = parsed(words_of(compose["services"]["serve"]))
    url, made = make_url(called["database"]), compose["services"]["postgresql"]["environment"]
    assert (url.host, url.username, url.database) == ("postgresql", made["POSTGRES_USER"], made["POSTGRES_DB"])
    assert url.password is None
    assert made["POSTGRES_PASSWORD_FILE"] == str(called["database_password_file"])
    joined = [set(compose["services"][name]["networks"]) for name in ("serve", "postgresql")]
    assert joined[0] & joined[1]


def test_the_check_of_the_listener_may_call(compose: dict[str, Any], parsed: Any) -> None:
    service = compose["services"]["listen"]
    called = parsed(words_of(service))
    test = [str(word) for word in service["healthcheck"]["test"]]
    assert test[:5] == ["CMD", "python", "-m", "pynetdicom", "echoscu"]
    assert test[test.index("-aec") + 1] == called["title"]
    assert test[-1] == str(called["port"])
    callers = [(each.title, each.address) for each in called["callers"]]
    assert (test[test.index("-aet") + 1], test[-2]) in callers

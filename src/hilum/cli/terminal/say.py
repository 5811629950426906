"""One line to the user on standard error, and into the log file where there is one."""

from __future__ import annotations

import logging

from hilum.cli.terminal.messages import IN_LOG_ALONE, LOGGER


def say(message: str) -> None:
    """One line that tells what happens; `--quiet` leaves it out."""
    LOGGER.info("%s", one_line(message))


def say_detail(message: str) -> None:
    """One line for `--verbose` alone."""
    LOGGER.debug("%s", one_line(message))


def say_in_log(message: str) -> None:
    """One line for the log, and for standard error where it is one: what a terminal shows as a result."""
    LOGGER.info("%s", one_line(message), extra={IN_LOG_ALONE: True})


def say_caution(message: str) -> None:
    """One line that whoever uses the result must read; `--quiet` keeps it."""
    LOGGER.warning("%s", one_line(f"caution: {message}"))


def say_problem(message: str) -> None:
    """One line on what failed; `--quiet` keeps it."""
    LOGGER.log(logging.ERROR, "%s", one_line(message))


def say_stopped(message: str) -> None:
    """One line on why a command ends before its end; `--quiet` keeps it, and no log calls it an error."""
    LOGGER.warning("%s", one_line(message))


def say_images_read(done: int, count: int, *, every: int) -> None:
    """How many images are read, at the beginning, after `every` so many and at the end."""
    if done in (0, count) or done % every == 0:
        say(f"read {done:,} of {count:,} images")


def one_line(message: str) -> str:
    """The message without line breaks and control characters, which a file's name may hold to fool a terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(message.split()))

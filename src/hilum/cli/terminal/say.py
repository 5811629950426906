"""One line to the user on standard error."""

from __future__ import annotations

import typer


def say(message: str) -> None:
    """One line on standard error, beginning with `hilum:`."""
    typer.echo(f"hilum: {one_line(message)}", err=True)


def say_images_read(done: int, count: int, *, every: int) -> None:
    """How many images are read, at the beginning, after `every` so many and at the end."""
    if done in (0, count) or done % every == 0:
        say(f"read {done:,} of {count:,} images")


def one_line(message: str) -> str:
    """The message without line breaks and control characters, which a file's name may hold to fool a terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(message.split()))

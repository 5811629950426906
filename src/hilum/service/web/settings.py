"""How the web part of the service works, and what it refuses to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hilum.errors import UsageError
from hilum.service.dicom.addresses import is_loopback

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """How the service answers.

    `host`: the address that it listens on.
    `tls`: whether it speaks HTTPS; only then are cookies marked secure.
    `password_hash`: the argon2id hash of the password by which people log in, or None.
    `tokens`: the SHA-256, in hexadecimal, of each token that programs send, by the token's name.
    `insecure_lan`: listen beyond this machine without TLS: every computer on the network can read along.
    `max_bytes`: the largest file that is taken in.
    `min_free_bytes`: with less room on the disk than this, nothing is taken in.
    `retry_after_s`: what a sender is told to wait where the queue is full.
    `session_s`: how long a login lasts.

    Raises `UsageError` for a host beyond this machine without a password or token, or without TLS.
    """

    host: str = "127.0.0.1"
    tls: bool = False
    password_hash: str | None = None
    tokens: Mapping[str, str] = field(default_factory=dict)
    insecure_lan: bool = False
    max_bytes: int = 64 * MIB
    min_free_bytes: int = 512 * MIB
    retry_after_s: int = 5
    session_s: float = 12 * 3600.0

    def __post_init__(self) -> None:
        if self.max_bytes < 1:
            raise UsageError("the largest file must have at least 1 byte")
        if is_loopback(self.host):
            return
        if not self.needs_login:
            raise UsageError(
                f"{self.host} can be reached from other computers: give --password-file or --token-file, "
                "or leave --host out"
            )
        if not self.tls and not self.insecure_lan:
            raise UsageError(
                f"{self.host} can be reached from other computers: give --tls-certificate and --tls-key, or "
                "--insecure-lan where you trust every computer on the network"
            )

    @property
    def needs_login(self) -> bool:
        """Whether anybody has to say who they are."""
        return self.password_hash is not None or bool(self.tokens)

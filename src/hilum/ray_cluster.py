"""Join the machines of Ray, and ask them for a share of their cores.

Ray hangs where actors ask for all cores of a machine, so each asks for less than it uses.
"""

from __future__ import annotations

import socket

import ray

from hilum.errors import UsageError

HERE = "local"
"""The address that starts Ray on this machine alone."""
_PATIENCE_S = 10.0
_SHARE = 0.9
"""Of a core that is used."""


def join_ray(address: str) -> None:
    """Become a driver of the Ray at `address`. Raises `UsageError` where there is none."""
    try:
        knock(address)
        ray.init(address=address, log_to_driver=False, logging_level="error", include_dashboard=False)
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:160]
        raise UsageError(
            f"No Ray runs at {address} ({reason}). Start it: ray start --head, or give the address {HERE}"
        ) from error


def knock(address: str) -> None:
    """Raise `OSError` where nobody listens at HOST:PORT: Ray itself would try for minutes, and end the process."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_PATIENCE_S).close()


def share_of_cores(wanted: float) -> float:
    """What an actor that runs on `wanted` cores asks for; Ray takes no broken number above one."""
    return float(int(wanted) - 1) if wanted >= 2 else round(_SHARE * min(1.0, wanted), 3)

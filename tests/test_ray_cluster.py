import socket

import pytest

pytest.importorskip("ray", reason="Ray is not installed")

from hilum.errors import UsageError
from hilum.ray_cluster import join_ray, knock, share_of_cores


@pytest.mark.parametrize(("wanted", "asked"), [(0.5, 0.45), (1, 0.9), (2, 1.0), (8, 7.0)])
def test_an_actor_asks_for_less_than_it_uses(wanted: float, asked: float) -> None:
    assert share_of_cores(wanted) == asked


def test_who_listens_is_told_from_who_does_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        knock(f"127.0.0.1:{port}")
    with pytest.raises(OSError, match="refused"):
        knock(f"127.0.0.1:{port}")
    knock("local")


def test_no_ray_at_the_address_is_one_line_with_what_to_do() -> None:
    with pytest.raises(UsageError, match=r"No Ray runs at 127\.0\.0\.1:1 .*\. Start it: ray start --head") as raised:
        join_ray("127.0.0.1:1")
    assert "\n" not in str(raised.value)

"""Ask a service on this machine whether it can read: exit code 0 where it can, 1 with one line where it cannot.

    python ready.py https://127.0.0.1:8443/readyz

The certificate is not checked: it names the hospital's address, and nothing is asked beyond this machine.
"""

from __future__ import annotations

import http.client
import ssl
import sys
from urllib.parse import urlsplit

_SECONDS = 5


def main() -> int:
    """Ask, and say what is wrong."""
    address = urlsplit(sys.argv[1])
    unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    host, port = address.hostname or "127.0.0.1", address.port
    connection: http.client.HTTPConnection = (
        http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=unchecked)
        if address.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=_SECONDS)
    )
    try:
        connection.request("GET", address.path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"not ready: {error}\n")
        return 1
    if status != 200:
        sys.stderr.write(f"not ready: it answers {status}\n")
    return int(status != 200)


if __name__ == "__main__":
    sys.exit(main())

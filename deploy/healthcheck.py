"""Ask the web server of this container for a page; exit 0 when it answers 200."""

import http.client
import os
import sys


def main(page: str, port: str = "8000") -> int:
    """Ask once, with five seconds of patience, by a name the server answers to."""
    name = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip(" .*") or "127.0.0.1"
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=5)
    try:
        connection.request("GET", page, headers={"Host": name})
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, http.client.HTTPException):
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

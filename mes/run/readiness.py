"""Asking every program whether it answers."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Sequence

from mes.run.errors import RunError

PAGES = ("/healthz", "/readyz")
PATIENCE_SECONDS = 90.0


def wait_until_ready(
    port: int, broker_url: str, workers: Sequence[str], check: Callable[[], None]
) -> None:
    """Wait until the web server says it is ready and every worker answers a ping.

    Args:
        port: where the web server listens on the loopback.
        broker_url: the address through which the workers are asked.
        workers: their node names.
        check: called between questions; it raises when a program has ended.

    Raises:
        RunError: one still does not answer after a minute and a half.
    """
    # Imported late: the programs start while this is read.
    from celery import Celery

    control = Celery(broker=broker_url).control
    silent_pages, silent_workers = list(PAGES), set(workers)
    deadline = time.monotonic() + PATIENCE_SECONDS
    last_answer = "no answer"
    while silent_pages or silent_workers:
        check()
        if time.monotonic() > deadline:
            who = [f"{page} ({last_answer})" for page in silent_pages] + sorted(silent_workers)
            raise RunError(f"Not ready after {PATIENCE_SECONDS:.0f} s: {', '.join(who)}.")
        if silent_pages:
            last_answer = answer_of(port, silent_pages[0])
            if last_answer == "200":
                silent_pages.pop(0)
                continue
        if silent_workers:
            for answer in control.ping(destination=sorted(silent_workers), timeout=0.5):
                silent_workers -= set(answer)
        else:
            time.sleep(0.1)


def answer_of(port: int, page: str) -> str:
    """Return the status of a page as text, or why there was none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", page)
        return str(connection.getresponse().status)
    except OSError as error:
        return error.strerror or "no answer"
    except http.client.HTTPException:
        return "not an HTTP answer"
    finally:
        connection.close()

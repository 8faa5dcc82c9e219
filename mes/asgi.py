"""The web server's entrance: event streams run natively async, everything else on lasting threads.

Django's own ASGI handler opens a thread and a connection per request; the thread pool keeps
both. See docs/decisions for the measurement.
"""

import gc
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mes.settings")

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver


def settle() -> None:
    """Load what every request needs, and take it out of the garbage collector's rounds.

    The code and its tables live as long as the process; walking them at each full collection
    takes a quarter of the time of a signature (docs/performance.md).
    """
    imports_every_page = get_resolver().url_patterns
    assert imports_every_page
    gc.collect()
    gc.freeze()


_pages = WSGIMiddleware(
    get_wsgi_application(),  # type: ignore[arg-type]  # Django types its answer, a2wsgi the protocol
    workers=int(os.environ.get("WEB_THREADS", "16")),
)
settle()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer one connection."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"] == "/live/":
        from mes.live import stream

        await stream(scope, receive, send)
    elif scope["type"] == "http":
        await _pages(scope, receive, send)  # type: ignore[arg-type]  # a2wsgi's own TypedDict


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return

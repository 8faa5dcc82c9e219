"""Naughty text: what people, scanners and attackers put into a field, and a browser that sends it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

from django.test import Client

SCRIPT = "<script>alert(1)</script>"
NAUGHTY: dict[str, str] = {
    "nul": "a\x00b",
    "escape": "a\x1b[31mb",
    "right to left override": "a \u202erevo si ti\u202c b",
    "lone surrogate": "a\ud800b",
    "10 000 characters": "x" * 10_000,
    "script": SCRIPT,
    "attribute": "\"'><img src=x onerror=alert(1)>",
    "template": "{{7*7}}{% load x %}${7*7}",
    "formula": "=1+1",
    "sql": "'; DROP TABLE batches_batch; --",
    "emoji": "👩🏽\u200d🔬🇩🇪",
    "zalgo": "Z\u0351\u036b\u0343a\u0321\u034el\u0334go\u0336",
    "header": "a\r\nSet-Cookie: b=c",
    "percent": "%s%n%00%",
    "nothing to see": "\u200b\u2060",
}


def posted(client: Client, path: str, form: dict[str, Any]) -> Any:
    """The answer to a form that holds any text, encoded as no well-behaved browser would."""
    body = "&".join(
        f"{quote_plus(name)}={quote_plus(str(value), errors='surrogatepass')}"
        for name, value in form.items()
    )
    return client.post(path, body.encode(), content_type="application/x-www-form-urlencoded")


def as_sent(text: str) -> str:
    """A text as it arrives: no half of a surrogate pair survives the way."""
    return text.encode(errors="surrogatepass").decode(errors="replace")


def is_harmless(answer: Any) -> bool:
    """Whether a page shows what was typed as text, and nothing went wrong in making it."""
    page = answer.content.decode()
    return answer.status_code < 500 and SCRIPT not in page and "<img src=x" not in page

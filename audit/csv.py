"""Spreadsheets: rows as CSV in which no cell can act as a formula (OWASP, CSV injection)."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

# What a spreadsheet takes for the beginning of a formula, the full-width forms included.
DANGEROUS = frozenset("=+-@\t\r\n＝＋－＠")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


def csv_safe(value: Any) -> str:
    """Return a value as the text of a cell; one that a spreadsheet could run begins with ``'``."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    text = str(value)
    # A spreadsheet may skip the white space before a formula.
    begins = (text[:1], text.lstrip()[:1])
    if DANGEROUS.intersection(begins) and not NUMBER.fullmatch(text):
        return f"'{text}"
    return text


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Return the lines of a table, every cell quoted, so that no separator inside splits one."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    yield writer.writerow([csv_safe(name) for name in columns])
    for row in rows:
        yield writer.writerow([csv_safe(cell) for cell in row])


def csv_response(
    request: HttpRequest, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """Return a download that is written row by row.

    Args:
        name: the name of the file, without its ending.
    """
    lines: Any = csv_lines(columns, rows)
    if isinstance(request, ASGIRequest):
        lines = _off_the_loop(lines)
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


async def _off_the_loop(lines: Iterator[str]) -> AsyncIterator[str]:
    """Read the rows in the thread of the request: the database must not stop the event loop."""
    following = sync_to_async(lambda: next(lines, None), thread_sensitive=True)
    while (line := await following()) is not None:
        yield line

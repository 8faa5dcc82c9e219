"""A witness elsewhere: told of each checkpoint, and told again until it has taken it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from audit.commands.witnessing import TELL_WITNESS, checkpoint, tell_witness
from audit.models import OutboxMessage
from kernel.canonical import digest
from kernel.errors import Unavailable
from mes import env
from tests.worlds.audit import act_by, site

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("P11-02")]


@pytest.fixture(autouse=True)
def file_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.CHECKPOINT_FILE = str(tmp_path / "checkpoints.jsonl")


@contextmanager
def web_witness(status: int) -> Iterator[tuple[str, list[Any]]]:
    """A witness on the web that answers everything with one status."""
    heard: list[Any] = []

    class Witness(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:{server.server_port}/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Witness)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/checkpoints", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def promised() -> Any:
    """What the outbox was given with a checkpoint."""
    line = checkpoint(act=act_by())
    [message] = OutboxMessage.objects.filter(kind=TELL_WITNESS)
    assert message.payload == {"line": line}
    return message.payload


def test_a_witness_on_the_web_gets_the_whole_line(settings: Any) -> None:
    site("PLANT")
    with web_witness(204) as (address, heard):
        settings.CHECKPOINT_WITNESS = address
        payload = promised()
        tell_witness(payload, act_by())
    assert heard == [payload["line"]]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_witness_that_did_not_take_it_is_told_again(settings: Any, status: int) -> None:
    site("PLANT")
    with web_witness(status) as (address, heard):
        settings.CHECKPOINT_WITNESS = address
        with pytest.raises(Unavailable):
            tell_witness(promised(), act_by())
    assert len(heard) == 1, "and a redirect leads nowhere else"
    with pytest.raises(Unavailable):
        tell_witness({"line": heard[0]}, act_by())


def test_a_system_log_gets_the_short_form(settings: Any) -> None:
    site("PLANT")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as log:
        log.bind(("127.0.0.1", 0))
        log.settimeout(5)
        settings.CHECKPOINT_WITNESS = f"syslog://127.0.0.1:{log.getsockname()[1]}"
        payload = promised()
        tell_witness(payload, act_by())
        said = log.recv(4096).decode()
    assert said.startswith("<109>1 ")
    assert f" 1 digest {digest(payload['line'])} root {payload['line']['tree']['root']}" in said


def test_without_a_witness_nothing_is_promised(settings: Any) -> None:
    settings.CHECKPOINT_WITNESS = ""
    site("PLANT")
    assert checkpoint(act=act_by()) is not None
    assert checkpoint(act=act_by()) is None
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize(
    "value", ["ftp://a/b", "http://far.example/x", "https:///x", "syslog", "x"]
)
def test_an_address_that_is_none_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CHECKPOINT_WITNESS", value)
    with pytest.raises(env.SettingError, match="CHECKPOINT_WITNESS"):
        env.witness("CHECKPOINT_WITNESS")

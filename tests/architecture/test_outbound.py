"""The product calls nobody but whom its settings name: one module speaks, and goes nowhere else."""

from __future__ import annotations

import re

import pytest

from audit.commands.witnessing import post
from tests.architecture.test_sizes_and_words import shown, sources

# Who may open a connection at all, and why.
SPEAKERS = {
    "audit/commands/witnessing.py": "tells the witness and the watch that the settings name",
    "supply/drivers/lines.py": "reads scales on the lines that the settings name",
    "mes/embedded/": "starts servers of our own on this machine",
    "mes/run/": "asks our own web server whether it is ready",
}
NETWORK = re.compile(
    r"^\s*(?:import|from) (?:urllib\.request|http\.client|socket|ssl|smtplib|ftplib|requests|httpx"
    r"|aiohttp|urllib3|websockets|asyncua)\b",
    re.MULTILINE,
)


@pytest.mark.requirement("SEC-04")
def test_only_one_module_speaks_to_others() -> None:
    speaking = [shown(path) for path in sources() if NETWORK.search(path.read_text())]
    assert [name for name in speaking if not name.startswith(tuple(SPEAKERS))] == []
    for known in SPEAKERS:
        assert any(name.startswith(known) for name in speaking), f"{known} does not speak any more"


@pytest.mark.requirement("SEC-04")
@pytest.mark.parametrize("to", ["http://169.254.169.254/", "SECRET_KEY", "DATABASES", ""])
def test_an_address_comes_from_the_settings_and_never_from_a_record(to: str) -> None:
    with pytest.raises(ValueError, match="names nobody"):
        post({"kind": "x"}, to=to)

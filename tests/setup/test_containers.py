"""What can be said of Dockerfile and compose file without an engine; the gates lint them too."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import sys
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from mes.embedded import place
from mes.embedded.postgres import ROLES_SQL
from mes.embedded.processes import free_port

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = {"migrate", "web", "worker", "long", "beat"}
IMAGE = re.compile(r"^[a-z/]+:\d+(\.\d+)+(-[a-z]+)*$")


@cache
def compose() -> dict[str, Any]:
    """Return the compose file."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def services() -> dict[str, dict[str, Any]]:
    """Return its services."""
    return dict(compose()["services"])


def stages() -> list[str]:
    """Return the images the Dockerfile begins its stages from."""
    found = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    return [str(image) for image in found]


def test_every_role_of_the_house_has_its_service() -> None:
    assert set(services()) == APPLICATION | {"postgres", "valkey"}


def test_every_image_has_an_exact_version() -> None:
    images = [*stages(), *(services()[name]["image"] for name in ("postgres", "valkey"))]
    assert [image for image in images if not IMAGE.match(image)] == []


def test_containers_run_the_servers_that_the_tests_run() -> None:
    here = place.Place(home=ROOT, programs=place._wheels(), is_moved=False)
    for service, program in (
        ("postgres", here.postgres_programs / "postgres"),
        ("valkey", here.valkey_program),
    ):
        said = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
        version = services()[service]["image"].split(":")[1].split("-")[0]
        assert version in said


def test_no_secret_stands_in_the_compose_file() -> None:
    secret = re.compile(r"PASSWORD|SECRET")
    literal = [
        f"{service}: {name}"
        for service, described in services().items()
        for name, value in (described.get("environment") or {}).items()
        if secret.search(name) and not re.match(r"^\$\{[A-Z_]+:\?", str(value))
    ]
    assert literal == []


def test_a_missing_secret_is_refused_by_name() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    required = set(re.findall(r"\$\{([A-Z_]+):\?", text))
    assert required == {
        *("SECRET_KEY", "ALLOWED_HOSTS", "APP_PASSWORD", "OWNER_PASSWORD"),
        *("POSTGRES_PASSWORD", "VALKEY_PASSWORD"),
    }
    assert (
        set(re.findall(r"\$\{([A-Z_]*(?:PASSWORD|SECRET)[A-Z_]*)(?!:\?)[:}]-?", text)) <= required
    )


@pytest.mark.requirement("SEC-26")
def test_only_the_migration_knows_the_owner_of_the_schema() -> None:
    knows = {
        service
        for service, described in services().items()
        if "OWNER_PASSWORD" in str(described.get("environment"))
    }
    assert knows == {"migrate", "postgres"}
    for service in APPLICATION - {"migrate"}:
        assert "//onelot_app:" in services()[service]["environment"]["DATABASE_URL"]


@pytest.mark.parametrize("service", sorted(APPLICATION))
def test_the_application_may_change_nothing_but_its_volumes(service: str) -> None:
    described = services()[service]
    assert described["read_only"] is True
    assert described["cap_drop"] == ["ALL"]
    assert described["security_opt"] == ["no-new-privileges:true"]
    assert "cap_add" not in described
    assert "privileged" not in described


@pytest.mark.parametrize("service", sorted(APPLICATION - {"migrate"}))
def test_the_application_starts_when_the_schema_is_there(service: str) -> None:
    waits = {name: how["condition"] for name, how in services()[service]["depends_on"].items()}
    assert waits == {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "valkey": "service_healthy",
    }


def test_every_server_says_how_it_is() -> None:
    silent = {
        name for name, described in services().items() if not described.get("healthcheck")
    } - {"web"}  # The image has the check of the web server.
    assert silent == set()
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()


def test_there_is_one_scheduler() -> None:
    assert services()["beat"]["deploy"] == {"replicas": 1}


def test_the_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert users == ["10001:10001"]


def test_only_hashed_packages_reach_the_image() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes" in text
    assert "--only-binary :all:" in text
    assert "npm ci --ignore-scripts" in text


def test_the_image_takes_in_nothing_that_is_not_named() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = [rule[1:] for rule in rules if rule.startswith("!")]
    for never in (".git", ".env", "var", "tests", ".venv", "node_modules"):
        assert not any(fnmatch.fnmatch(never, rule) for rule in let_in)
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")} | {"kernel"}
    assert apps <= set(let_in)


def test_both_ways_of_running_make_the_roles_from_one_file() -> None:
    mounted = [volume.split(":")[0] for volume in services()["postgres"]["volumes"]]
    assert (ROOT / mounted[1]).resolve() == ROLES_SQL
    initdb = services()["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    source = (ROOT / "mes" / "embedded" / "postgres.py").read_text()
    assert "--locale-provider=builtin" in initdb
    assert '"--locale-provider", "builtin"' in source


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_asks_by_an_allowed_name(
    monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    asked: list[tuple[str, str | None]] = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Host"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    monkeypatch.setenv("ALLOWED_HOSTS", ".onelot.example,other.example")
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        found = health_check("/healthz", str(server.server_port))
        thread.join()
    assert (found, asked) == (code, [("/healthz", "onelot.example")])


def test_the_health_check_says_no_when_nobody_answers() -> None:
    assert health_check("/healthz", str(free_port())) == 1


def health_check(*arguments: str) -> int:
    """Return the exit code of the check that the image runs."""
    return subprocess.run(
        [sys.executable, "deploy/healthcheck.py", *arguments], cwd=ROOT
    ).returncode

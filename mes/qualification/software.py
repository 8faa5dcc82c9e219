"""IQ, software: versions, packages and settings, compared with the lock file of the release."""

from __future__ import annotations

import base64
import hashlib
import platform
import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import django
from django.conf import settings
from django.core import checks
from django.db import connection
from redis import Redis, RedisError

from mes.build import (
    LOCKS,
    build_digest,
    configuration_digest,
    digest_of_files,
    file_digest,
    product_version,
    root,
    source_commit,
)
from mes.qualification.lines import Line, line, to_judge

VERSIONS, PACKAGES, SETTINGS = "Versions", "Packages", "Settings"
POSTGRES = 18
PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)", re.MULTILINE)
SAFE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "data_checksums": "on",
    "server_encoding": "UTF8",
}
SHOWN = 12


def versions() -> Iterator[Line]:
    """Yield what runs, and in which version."""
    yield to_judge(VERSIONS, "OneLot", "the release being qualified", product_version())
    yield to_judge(
        VERSIONS,
        "Digest of the build",
        "the digest in the validation pack of this release",
        build_digest(),
    )
    commit = source_commit()
    yield to_judge(VERSIONS, "Commit", "the commit of the release", commit or "not known here")
    now = digest_of_files(root())
    yield line(
        VERSIONS, "Files since the start of this process", "unchanged", "unchanged"
        if now == build_digest() else f"changed: {now}",
    )  # fmt: skip
    asked = tomllib.loads((root() / "pyproject.toml").read_text())["project"]["requires-python"]
    lowest = tuple(int(part) for part in asked.removeprefix(">=").split("."))
    has_python = tuple(map(int, platform.python_version_tuple()[:2])) >= lowest
    yield line(VERSIONS, "Python", asked, platform.python_version(), has_python)
    yield line(VERSIONS, "Django", locked()["django"], django.get_version())
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        number = int(cursor.fetchone()[0])
        found = f"{number // 10000}.{number % 10000}"
        yield line(VERSIONS, "PostgreSQL", f"{POSTGRES}.x", found, number // 10000 == POSTGRES)
        for name, wanted in SAFE.items():
            cursor.execute("SELECT current_setting(%s)", [name])
            yield line(VERSIONS, f"PostgreSQL, {name}", wanted, cursor.fetchone()[0])
    yield broker()


def broker() -> Line:
    """Return which broker answers."""
    try:
        with Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=3) as courier:
            told = courier.info("server")
    except RedisError as error:
        return line(VERSIONS, "Valkey", "7.2 or later", f"no answer ({type(error).__name__})")
    found = str(told.get("valkey_version") or told["redis_version"])
    is_good = tuple(int(part) for part in found.split(".")[:2]) >= (7, 2)
    return line(VERSIONS, "Valkey", "7.2 or later", found, is_good)


def locked() -> dict[str, str]:
    """Return the version of each Python package in the lock file."""
    text = (root() / "requirements.txt").read_text(encoding="utf-8")
    return {plain_name(name): version for name, version in PINNED.findall(text)}


def plain_name(name: str) -> str:
    """Return the name of a package as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def packages() -> Iterator[Line]:
    """Yield how the installed packages compare with the lock file, file by file."""
    for name in LOCKS:
        yield to_judge(
            PACKAGES, f"SHA-256 of {name}", "as in the release", file_digest(root() / name)
        )
    installed = {plain_name(one.metadata["Name"]): one for one in metadata.distributions()}
    for name, version in sorted(locked().items()):
        found = installed.get(name)
        yield line(PACKAGES, name, version, found.version if found else "not installed")
    others = sorted(set(installed) - set(locked()))
    yield to_judge(
        PACKAGES,
        "Installed and in no lock file",
        "pip, if anything",
        f"{len(others)}: {', '.join(others[:SHOWN])}{' …' if len(others) > SHOWN else ''}"
        if others
        else "nothing",
    )
    changed = [
        file for name in locked() if name in installed for file in changed_files(installed[name])
    ]
    found_words = ", ".join(changed[:SHOWN]) or "none"
    yield line(PACKAGES, "Installed files that differ from their package", "none", found_words)


def changed_files(installed: metadata.Distribution) -> Iterator[str]:
    """Yield the files of a package that are gone, or are not what the package's list says."""
    for file in installed.files or ():
        if file.hash is None or file.hash.mode != "sha256":
            continue
        path = Path(str(file.locate()))
        if not path.is_file():
            yield f"{file} (gone)"
            continue
        found = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest())
        if found.decode().rstrip("=") != file.hash.value:
            yield str(file)


def configured() -> Iterator[Line]:
    """Yield what the settings are, and what Django finds unsafe in them."""
    yield line(SETTINGS, "Kind of house (ONELOT_ENV)", "prod", settings.ONELOT_ENV)
    yield line(SETTINGS, "Time zone of records", "UTC", settings.TIME_ZONE)
    with connection.cursor() as cursor:
        cursor.execute("SHOW timezone")
        yield line(SETTINGS, "Time zone of the database session", "UTC", cursor.fetchone()[0])
    yield line(
        SETTINGS, "Error pages with details (DEBUG)", "off", "on" if settings.DEBUG else "off"
    )
    yield to_judge(
        SETTINGS, "Digest of the configuration", "as approved by the site", configuration_digest()
    )
    found = [
        one
        for one in checks.run_checks(include_deployment_checks=True)
        if one.level >= checks.WARNING and not one.is_silenced()
    ]
    yield line(
        SETTINGS,
        "check --deploy",
        "nothing found",
        f"{len(found)} found" if found else "nothing found",
    )
    for one in found:
        yield line(SETTINGS, f"check --deploy, {one.id}", "not found", one.msg)

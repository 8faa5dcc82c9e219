"""Typed readers of the environment: a missing or odd setting is one clear sentence.

Every setting of OneLot comes from an environment variable. A secret may also come from a file:
where `NAME` is not set and `NAME_FILE` is, the value is the content of that file (the way
container secrets arrive). Nothing here needs Django or a package, so that the tools of the
set-up can use it before both are there.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})
DATABASE_SCHEMES = frozenset({"postgres", "postgresql"})
DATABASE_OPTIONS = frozenset(
    {
        "application_name",
        "channel_binding",
        "connect_timeout",
        "sslcert",
        "sslkey",
        "sslmode",
        "sslrootcert",
        "target_session_attrs",
    }
)


class SettingError(ValueError):
    """A setting is missing or cannot be understood; the message is one sentence naming it."""


class MissingSetting(SettingError):
    """A setting without a default is not there."""


def text(name: str, default: str | None = None) -> str:
    """Return the setting as it is written.

    Args:
        name: the environment variable; `name` + `_FILE` may name a file to read it from.
        default: what to take when it is missing or empty; without one it must be there.

    Raises:
        MissingSetting: it is missing and there is no default.
    """
    value = _raw(name)
    if value:
        return value
    if default is None:
        raise MissingSetting(f"The setting {name} is missing: set the environment variable {name}.")
    return default


def flag(name: str, default: bool | None = None) -> bool:
    """Return the setting as yes or no (1, true, yes, on; 0, false, no, off)."""
    value = text(name, None if default is None else str(default)).lower()
    if value in TRUE_WORDS:
        return True
    if value in FALSE_WORDS:
        return False
    raise SettingError(f"The setting {name} must be yes or no, not {value!r}.")


def number(
    name: str,
    default: int | None = None,
    *,
    least: int | None = None,
    most: int | None = None,
) -> int:
    """Return the setting as a whole number between `least` and `most`."""
    value = text(name, None if default is None else str(default))
    if not (value.removeprefix("-").isascii() and value.removeprefix("-").isdigit()):
        raise SettingError(f"The setting {name} must be a whole number, not {value!r}.")
    found = int(value)
    if (least is not None and found < least) or (most is not None and found > most):
        bounds = " and ".join(
            f"{word} {bound}"
            for word, bound in (("at least", least), ("at most", most))
            if bound is not None
        )
        raise SettingError(f"The setting {name} must be {bounds}, not {found}.")
    return found


def choice(name: str, allowed: Iterable[str], default: str | None = None) -> str:
    """Return the setting, which is one of the `allowed` words."""
    words_allowed = tuple(allowed)
    value = text(name, default)
    if value not in words_allowed:
        listed = ", ".join(words_allowed)
        raise SettingError(f"The setting {name} must be one of {listed}, not {value!r}.")
    return value


def witness(name: str) -> str:
    """Return where checkpoints are told as well: "", ``syslog://…`` or ``https://…``.

    Plain http goes to this machine only, where another program may carry it on.
    """
    value = text(name, "")
    if not value:
        return ""
    url = urlsplit(value)
    is_near = url.hostname in ("127.0.0.1", "localhost", "::1")
    if url.hostname and (url.scheme in ("https", "syslog") or (url.scheme == "http" and is_near)):
        return value
    raise SettingError(
        f"The setting {name} must be an address like syslog://host:514 or https://host/path."
    )


def webhook(name: str) -> str:
    """Return where alerts are told as well: "" or ``https://…`` (http on this machine)."""
    value = witness(name)
    if value.startswith("syslog:"):
        raise SettingError(f"The setting {name} must be an address like https://host/path.")
    return value


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return the setting as networks (10.1.0.0/16, 2001:db8::/32) between commas."""
    found = []
    for word in words(name, default=()):
        try:
            found.append(ipaddress.ip_network(word))
        except ValueError:
            raise SettingError(
                f"The setting {name} must name networks like 10.1.0.0/16, not {word!r}."
            ) from None
    return found


def words(name: str, default: Iterable[str] | None = None) -> list[str]:
    """Return the setting as a list: words between commas."""
    value = text(name, None if default is None else ",".join(default))
    return [word for word in (part.strip() for part in value.split(",")) if word]


def scales(name: str, default: Iterable[str]) -> dict[str, str]:
    """Return the lines of scales by name, between commas: ``bench-1=tcp://10.0.0.5:8001``."""
    found = {}
    for one in words(name, default):
        line, _, where = one.partition("=")
        scheme, _, address = where.partition("://")
        is_tcp = scheme == "tcp" and address.rpartition(":")[2].isdigit()
        is_serial = scheme == "serial" and address.startswith("/dev/")
        if not line or len(line) > 40 or not (where == "simulated" or is_tcp or is_serial):
            raise SettingError(
                f"The setting {name} must name lines like bench-1=tcp://host:8001 or"
                f" bench-2=serial:///dev/ttyS0, not {one!r}."
            )
        found[line] = where
    return found


def path(name: str, default: Path | None = None) -> Path:
    """Return the setting as an absolute path."""
    return Path(text(name, None if default is None else str(default))).expanduser().absolute()


def database(name: str) -> dict[str, Any]:
    """Return a PostgreSQL address as Django's dictionary for one database.

    The address is `postgres://user:password@host:port/name`. A Unix socket is a directory in the
    query: `postgres://user:password@/name?host=/path`. Names and passwords are percent-encoded.

    Raises:
        SettingError: it is no such address, or its query holds an unknown option.
    """
    try:
        url = urlsplit(text(name))
        port = url.port
    except ValueError as error:
        if isinstance(error, SettingError):
            raise
        raise SettingError(f"The setting {name} is not a database address.") from None
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    database_name = unquote(url.path.removeprefix("/"))
    if url.scheme not in DATABASE_SCHEMES or not database_name or url.fragment:
        raise SettingError(
            f"The setting {name} must look like postgres://user:password@host:5432/name."
        )
    socket_directory = query.pop("host", "")
    unknown = sorted(set(query) - DATABASE_OPTIONS)
    if unknown:
        raise SettingError(f"The setting {name} has the unknown option {unknown[0]!r}.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database_name,
        **_user(url),
        "HOST": socket_directory or unquote(url.hostname or ""),
        "PORT": str(port or ""),
        "OPTIONS": dict(query),
    }


def read_file(file: Path) -> dict[str, str]:
    """Return the NAME=value lines of a file; a line that starts with # is a remark."""
    found: dict[str, str] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found[name.strip()] = value
    return found


def adopt(values: Mapping[str, str]) -> None:
    """Put settings into this process's environment where they are not set yet."""
    for name, value in values.items():
        os.environ.setdefault(name, value)


def _user(url: SplitResult) -> dict[str, str]:
    return {
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
    }


def _raw(name: str) -> str:
    value, file = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if value and file:
        raise SettingError(f"Set either {name} or {name}_FILE, not both.")
    if not file:
        return value.strip()
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise SettingError(f"The file that {name}_FILE names cannot be read: {why}.") from None

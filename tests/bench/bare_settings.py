"""Settings of the bare view: the same database and server, and nothing in between."""

from tests.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.bare"
MIDDLEWARE: list[str] = []

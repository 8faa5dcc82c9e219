"""Settings of the bare view: the same database and server, and nothing in between."""

from tests.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.bare"
# The one that the applications installed insist on; it looks at answers only.
MIDDLEWARE = ["allauth.account.middleware.AccountMiddleware"]

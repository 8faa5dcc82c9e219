"""The browser of the browser tests: Debian's Chromium, installed when that is allowed.

Those tests are never skipped: where there is no Chromium and none can be installed, `make test`
fails with a sentence that says what to install.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


class NoChromium(Exception):
    """There is none, and none can be installed."""


def find_chromium(tell: Callable[[str], None]) -> str:
    """Return the path of a Chromium; root gets Debian's installed when there is none.

    CHROMIUM in the environment names another; NO_APT=1 forbids the installation.

    Raises:
        NoChromium: with the sentence for the person at the terminal.
    """
    named = os.environ.get("CHROMIUM", "")
    if named:
        if shutil.which(named) is None:
            raise NoChromium(f"CHROMIUM names {named}, which is not a program.")
        return named
    found = first_of(NAMES)
    if found:
        return found
    advice = "install it with apt-get install chromium, or name another in CHROMIUM"
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None or os.environ.get("NO_APT"):
        raise NoChromium(f"The browser tests need Chromium: {advice}.")
    tell("installing Debian's chromium, which the browser tests need")
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [apt, "install", "--yes", "--no-install-recommends", "chromium"]
    for command in ([apt, "update"], install):
        done = subprocess.run(command, env=environment, check=False, **quiet)
        if done.returncode != 0:
            last = (done.stdout.strip().splitlines() or ["no reason given"])[-1]
            raise NoChromium(f"Chromium could not be installed ({last}): {advice}.")
    found = first_of(NAMES)
    if found is None:
        raise NoChromium(f"Chromium was installed and is still not there: {advice}.")
    return found


def first_of(names: tuple[str, ...]) -> str | None:
    """Return the path of the first of these programs that is there."""
    return next((path for path in map(shutil.which, names) if path), None)

"""Known weaknesses of the components: asks an advisory service, where one can be reached.

    python setup/advisories.py [LOCK FILE]     the components that run; or those of another lock file

0 when there is none, 1 when there is one, each by name. Where no service answers, as in a house without
internet, it says that nothing was asked, and ends with 0: it never keeps anybody from building.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from locked import PROJECT, RUNTIME_LOCK

BIN = Path(sys.executable).parent
SECONDS = 10


def main(arguments: list[str]) -> int:
    """Ask, and tell."""
    lock = arguments[0] if arguments else RUNTIME_LOCK
    done = subprocess.run(
        [
            *(str(BIN / "pip-audit"), "--requirement", lock, "--require-hashes", "--disable-pip"),
            *("--format", "json", "--progress-spinner", "off", "--timeout", str(SECONDS)),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        asked = json.loads(done.stdout)["dependencies"]
    except (ValueError, LookupError, TypeError):
        reason = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        sys.stdout.write(f"No advisory service answers, so nothing was asked: {reason[:200]}\n")
        return 0
    return told(asked)


def told(asked: list[dict[str, Any]]) -> int:
    """Name what is known of the components; 1 when there is something."""
    found = [(one, weakness) for one in asked for weakness in one.get("vulns", ())]
    for one, weakness in found:
        repaired = ", ".join(weakness.get("fix_versions", ())) or "no version yet"
        sys.stdout.write(
            f"{one['name']} {one.get('version', '')}: {weakness['id']}, repaired in {repaired}\n"
        )
    unknown = [one["name"] for one in asked if "skip_reason" in one]
    if unknown:
        sys.stdout.write(f"Not known to the service: {', '.join(unknown)}\n")
    judged = len(asked) - len(unknown)
    sys.stdout.write(
        f"{judged} of {len(asked)} components judged, {len(found)} known weaknesses.\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

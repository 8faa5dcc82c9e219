"""The entrance of a run: signals in, one sentence out, an exit code."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from mes.embedded import EmbeddedError
from mes.embedded.processes import ends_with_parent
from mes.env import SettingError
from mes.run.children import say
from mes.run.choices import read_choices
from mes.run.errors import RunError, Stopped
from mes.run.house import run

STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run OneLot; 0 when it was asked to stop, 1 when it could not start or go on."""
    if "MAKELEVEL" in os.environ:
        # A make that is killed cannot stop us any more; the kernel then does.
        ends_with_parent(signal.SIGTERM)()
    for number in STOPPING_SIGNALS:
        signal.signal(number, _stop)
    try:
        run(read_choices())
    except Stopped:
        say("OneLot has stopped.")
        return 0
    except (RunError, EmbeddedError, SettingError) as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    # From here on everything is being stopped: a second Ctrl-C must not leave half of it running.
    for other in STOPPING_SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    sys.exit(main())

"""`python -m mes.embedded exec -- COMMAND…`: run a command beside servers that are thrown away."""

import os
import signal
import subprocess
import sys

from mes.embedded import EmbeddedError, throwaway_servers
from mes.embedded.processes import stop


def main(arguments: list[str]) -> int:
    """Run the command with the settings of new servers; its exit code is ours."""
    if arguments[:2] != ["exec", "--"] or len(arguments) < 3:
        sys.stderr.write("Usage: python -m mes.embedded exec -- COMMAND [ARGUMENT…]\n")
        return 2
    # Asked to end, leave by the same door as Ctrl-C: the servers are stopped on the way out.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with throwaway_servers() as settings:
            return run(arguments[2:], os.environ | settings)
    except EmbeddedError as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    except FileNotFoundError:
        sys.stderr.write(f"There is no command {arguments[2]}.\n")
        return 127
    except KeyboardInterrupt:
        return 130


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run a command; asked to end ourselves, ask it first, and give it time to clean up."""
    process = subprocess.Popen(command, env=environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        stop(process, (signal.SIGTERM, 60))
        raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

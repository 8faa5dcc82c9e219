"""Why a run ends: with a sentence, or because somebody asked."""


class RunError(RuntimeError):
    """The run cannot start or go on; the message says in one sentence why, and what to do."""


class Stopped(Exception):
    """Somebody asked the run to stop: Ctrl-C, SIGTERM, or the terminal went away."""

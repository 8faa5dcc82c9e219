"""The one error of the embedded servers: a sentence for the person who started them."""


class EmbeddedError(RuntimeError):
    """A server cannot run here; the message says in one sentence why, and what to do."""

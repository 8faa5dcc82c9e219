"""PostgreSQL and Valkey from wheels: real servers for `make run`, for tests and for a laptop.

    with running_postgres(data_dir, durable=True) as servers, running_valkey(...) as courier: ...
    with throwaway_servers() as settings: ...        # what the tests run on

From a shell, `python -m mes.embedded exec -- COMMAND` runs a command beside servers that are
thrown away, with their addresses in its environment.
"""

from mes.embedded.errors import EmbeddedError
from mes.embedded.postgres import Servers, running_postgres
from mes.embedded.throwaway import throwaway_servers
from mes.embedded.valkey import Courier, running_valkey

__all__ = [
    "Courier",
    "EmbeddedError",
    "Servers",
    "running_postgres",
    "running_valkey",
    "throwaway_servers",
]

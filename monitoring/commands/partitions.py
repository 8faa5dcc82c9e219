"""Room for readings: a partition for every day, made ahead of it."""

from __future__ import annotations

from django.db import connection

from audit.acts import Act, command

DAYS_AHEAD = 7


@command(may_be_silent=True)
def make_partitions(*, act: Act, ahead: int = DAYS_AHEAD) -> int:
    """Make the partitions of the next days; return how many were missing.

    The application owns no table: a function of the schema's owner makes them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT monitoring_make_partitions(%s)", [ahead])
        (made,) = cursor.fetchone()
    return int(made)

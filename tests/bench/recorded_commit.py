"""A recorded change against a bare save of the same row, each with its own commit, in the same run.

The baseline writes a twin of the table, with its columns and indexes and none of its triggers: no
ledger, no history, nothing asked at commit. Both have the object in hand and change one text.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import perf_counter
from typing import Any

from django.db import connection, models, transaction

from audit.acts import Act, command, record
from audit.commands import add_site
from audit.models import Site
from tests.conftest import as_admin
from tests.worlds.audit import act_by

COMMITS, ROUNDS = 50, 11


class Bare(models.Model):
    """The twin, as a model that belongs to no app."""

    code = models.CharField(max_length=32)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16)

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "bench_bare"


def run() -> Iterator[dict[str, Any]]:
    """Yield recorded commits a second, and bare ones; ``times`` says how many bare ones one costs."""
    site = add_site(code="BENCH", name="A site", kind="plant", act=act_by())
    twin = _twin(site)
    ours, bare = [], []
    for number in range(ROUNDS):
        names = [f"A site, renamed {number} {place}" for place in range(COMMITS)]
        acts = [act_by() for _ in names]
        begun = perf_counter()
        for name in names:
            _save(twin, name)
        bare.append(COMMITS / (perf_counter() - begun))
        begun = perf_counter()
        for name, act in zip(names, acts, strict=True):
            _rename(site=site, name=name, act=act)
        ours.append(COMMITS / (perf_counter() - begun))
    # A commit is as honest as its disk: say whether it was waited for.
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')")
        waited = cursor.fetchone() == ("on", "on")
    value, baseline = median(ours), median(bare)
    yield {
        "name": "recorded_commit",
        "value": round(value),
        "unit": "commits/s",
        "baseline": round(baseline),
        "ratio": round(value / baseline, 3),
        "times": round(baseline / value, 2),
        "waits_for_disk": waited,
    }


def _twin(site: Site) -> Bare:
    admin = as_admin(connection.settings_dict["NAME"])
    user = connection.settings_dict["USER"]
    with admin.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_bare (LIKE audit_site INCLUDING ALL)")
        cursor.execute("INSERT INTO bench_bare SELECT * FROM audit_site WHERE id = %s", [site.pk])
        cursor.execute(f'GRANT SELECT, UPDATE ON bench_bare TO "{user}"')
    admin.close()
    return Bare._base_manager.get(pk=site.pk)


def _save(twin: Bare, name: str) -> None:
    with transaction.atomic():
        twin.name = name
        twin.save(update_fields=["name"])


@command
def _rename(*, site: Site, name: str, act: Act) -> None:
    site.name = name
    site.save(update_fields=["name"])
    record(act, "rename", site, reason="to have something to measure")

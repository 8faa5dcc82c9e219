"""The logbook of equipment: every act on a unit leaves its line, in the act's own transaction."""

from __future__ import annotations

from audit.acts import Act, command, record
from audit.models import Signature
from audit.permissions import holds, require, sites_of
from kernel.errors import Invalid, NotFound
from supply.models import Equipment, LogbookEntry

MAINTAINERS = ("engineer", "qa")
LONGEST = 1000


def log(
    unit: Equipment,
    kind: str,
    words: str,
    *,
    act: Act,
    batch: str = "",
    signature: Signature | None = None,
) -> LogbookEntry:
    """Add a line to the logbook of a unit; called by the command that does what it tells.

    Args:
        kind: one of ``models.logbook.KINDS``.
        batch: the number of the batch it was done for.
        signature: what its person signed, where it made the unit fit for use.
    """
    line = LogbookEntry(
        equipment=unit,
        kind=kind,
        at=act.at,
        by=act.by,
        batch=batch,
        words=words,
        signature=signature,
    )
    line.save(force_insert=True)
    record(act, "log", line)
    return line


@command
def note_maintenance(*, code: str, words: str, act: Act) -> LogbookEntry:
    """Note what was maintained or repaired on a unit (21 CFR 211.182).

    Whether it may be used after that is decided apart: by its state and its qualification.

    Raises:
        NotFound: there is no such unit where this person works.
        NotPermitted: neither an engineer nor quality assurance there.
        Invalid: it says nothing, or too much.
    """
    sites = sites_of(act.by)
    unit = Equipment.objects.filter(code=code).first()
    if unit is None or (sites is not None and unit.site_id not in sites):
        raise NotFound(f"Equipment {code[:40]} is not known here.")
    require(holds(act.by, *MAINTAINERS, site_id=unit.site_id), "note maintenance here")
    told = words.strip()
    if not told or len(told) > LONGEST or not told.isprintable():
        raise Invalid(
            f"Say what was done, in one line of at most {LONGEST} characters.",
            pointer="/words",
            code="blank",
        )
    return log(unit, "maintenance", told, act=act)

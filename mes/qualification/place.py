"""IQ, place: keys, checkpoint file, clock and disk of the machine this runs on."""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from audit.keys import SECRETS, is_sealed, known_keys, paper_key, sealing_key, secret
from audit.ledger import heads, last_checkpoint, last_witness, sealed_text
from audit.models import Checkpoint
from kernel.canonical import digest
from kernel.errors import Unavailable
from mes.qualification.lines import Line, line, to_judge

KEYS, WITNESS, CLOCK, DISK = "Keys", "Witness", "Clock", "Disk"
# Checkpoints are written each minute; this many seconds behind, something stands still.
LATEST_CHECKPOINT = 600
CLOCKS_APART = 1.0
LEAST_FREE = 2 * 1024**3
# adjtimex(2): the clock is not synchronized.
TIME_ERROR = 5


def keys() -> Iterator[Line]:
    """Yield whether each key is there, can be used, and is nobody else's to read."""
    folder = Path(settings.KEY_DIR)
    yield line(KEYS, "Folder of the keys", "others have no right", *mode_of(folder))
    uses = {"seal.pem": sealing_key, "paper.pem": paper_key}
    for name in ("seal.pem", "paper.pem", *(f"{one}.key" for one in SECRETS)):
        path = folder / name
        if not path.is_file():
            yield line(KEYS, name, "there, others have no right", "is missing")
            continue
        yield line(KEYS, name, "others have no right", *mode_of(path))
        try:
            _ = uses[name]() if name in uses else secret(name.removesuffix(".key"))
            found = "usable"
        except (Unavailable, OSError, ValueError) as error:
            found = f"not usable ({type(error).__name__})"
        yield line(KEYS, f"{name}, content", "usable", found)
    try:
        known = ", ".join(known_keys())
    except (Unavailable, OSError, ValueError):
        known = "none"
    yield to_judge(KEYS, "Fingerprints of the sealing keys", "those that were published", known)


def mode_of(path: Path) -> tuple[str, bool]:
    """Return in words who may do something with a file, and whether that is its owner alone."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return "is missing", False
    is_good = mode & (stat.S_IRWXG | stat.S_IRWXO) == 0
    return (f"others have no right ({mode:04o})" if is_good else f"mode {mode:04o}"), is_good


def witness() -> Iterator[Line]:
    """Yield whether checkpoints can be written, and whether the last one is whole and fresh."""
    path = Path(settings.CHECKPOINT_FILE)
    asked = path if path.exists() else path.parent
    yield line(WITNESS, "Checkpoint file", "writable", "writable"
               if os.access(asked, os.W_OK) else "not writable")  # fmt: skip
    yield line(WITNESS, "Checkpoint file, others", "may not write", *not_for_others(asked))
    last, row = last_checkpoint(path), Checkpoint.objects.order_by("-pk").first()
    if last is None:
        yield line(WITNESS, "Last checkpoint", "its seal is ours, and the database knows it",
                   "none yet" if row is None else "the file is empty, and the database knows lines",
                   row is None)  # fmt: skip
        return
    is_ours = is_sealed(sealed_text(last), key_id=last["key"], signature=last["seal"])
    is_known = row is not None and row.root == digest(last)
    found = f"no. {last['n']} of {last['at']}: seal {'ours' if is_ours else 'BROKEN'}"
    yield line(
        WITNESS, "Last checkpoint", "its seal is ours, and the database knows it",
        f"{found}, database {'agrees' if is_known else 'DISAGREES'}", is_ours and is_known,
    )  # fmt: skip
    known, _ = last_witness(path)
    moved = sum(1 for stream, head in heads().items() if known.get(stream) != head)
    age = (datetime.now(UTC) - datetime.fromisoformat(last["at"])).total_seconds()
    yield line(
        WITNESS, "Streams that wait for a checkpoint", f"none for longer than {LATEST_CHECKPOINT} s",
        f"{moved} streams, the last checkpoint is {age:.0f} s old",
        moved == 0 or age <= LATEST_CHECKPOINT,
    )  # fmt: skip


def not_for_others(path: Path) -> tuple[str, bool]:
    """Return in words whether people without a right can write a file."""
    mode = stat.S_IMODE(path.stat().st_mode)
    is_good = mode & stat.S_IWOTH == 0
    return (f"may not write ({mode:04o})" if is_good else f"may write ({mode:04o})"), is_good


def clock() -> Iterator[Line]:
    """Yield how far the clocks of the database and of this machine are apart."""
    with connection.cursor() as cursor:
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        there = float(cursor.fetchone()[0])
        after = time.time()
    apart, unsure = there - (before + after) / 2, (after - before) / 2
    yield line(
        CLOCK, "Database and this machine", f"at most {CLOCKS_APART:.0f} s apart",
        f"{apart:+.3f} s (± {unsure:.3f})", abs(apart) - unsure <= CLOCKS_APART,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(recorded_at) FROM audit_ledgerentry")
        newest = cursor.fetchone()[0]
    ahead = 0.0 if newest is None else max(0.0, newest.timestamp() - after)
    yield line(CLOCK, "Entries of the ledger from the future", "none",
               f"the newest is {ahead:.1f} s ahead" if ahead > CLOCKS_APART else "none")  # fmt: skip
    yield to_judge(CLOCK, "Synchronization of this machine", "synchronized", synchronized())
    yield to_judge(
        CLOCK, "Time zone of this machine", "UTC, or as the site wishes; records are in UTC",
        time.strftime("%Z"),
    )  # fmt: skip


def synchronized() -> str:
    """Return what the kernel says of its clock."""
    try:
        asked = ctypes.create_string_buffer(512)
        state = ctypes.CDLL(None, use_errno=True).adjtimex(asked)
    except (OSError, AttributeError):
        return "not known here"
    if state < 0:
        return "not known here"
    return "not synchronized" if state == TIME_ERROR else "synchronized"


def disk() -> Iterator[Line]:
    """Yield how much room is left where this machine writes, and how large the database is."""
    for what, place in {
        "Checkpoint file": Path(settings.CHECKPOINT_FILE).parent,
        "Keys": Path(settings.KEY_DIR),
    }.items():
        try:
            free = shutil.disk_usage(place).free
        except OSError:
            yield line(DISK, what, "there", "is missing")
            continue
        yield line(DISK, f"{what}, free", f"at least {gigabytes(LEAST_FREE)}", gigabytes(free),
                   free >= LEAST_FREE)  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        size = int(cursor.fetchone()[0])
    yield to_judge(
        DISK, "Size of the database", "its disk has room for the planned years", gigabytes(size)
    )


def gigabytes(count: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{count / 1024**3:.2f} GiB"

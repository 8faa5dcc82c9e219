"""Packages of batches: made once, opened, changed, and sealed again as a dishonest owner would."""

from __future__ import annotations

import json
import re
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path

from audit.ledger import write_checkpoint
from batches.models import Batch
from mes.packages import making, verify
from mes.packages.container import Container
from quality.queries import exceptions_of
from supply.models import Equipment
from tests.conftest import NOON
from tests.worlds.audit import act_by
from tests.worlds.batches import again, stock
from tests.worlds.files import file_on_record
from tests.worlds.monitoring import measured, sensor
from tests.worlds.quality import (
    SOFT,
    decided,
    disposition,
    executed_batch,
    qualified,
    quality,
    review,
    reviewer,
    trail_reviewed,
)

Files = dict[str, bytes]


def released_batch() -> Batch:
    """A batch that was watched, made, reviewed and released, with a checkpoint after each."""
    stock()
    watching = sensor(at_room=Equipment.objects.get(code="ROOM-1"))
    write_checkpoint(act=act_by())
    batch = executed_batch(**SOFT)
    file_on_record(batch)
    measured(watching, [20.0 + step % 7 / 10 for step in range(30)])
    review(batch, "production", reviewer())
    for one in exceptions_of(batch):
        decided(one)
    write_checkpoint(act=act_by())
    review(batch, "quality", quality())
    trail_reviewed(batch)
    disposition(again(batch), "released", qualified())
    write_checkpoint(act=act_by())
    return again(batch)


def packed(batch: Batch) -> bytes:
    """The package of a batch."""
    file = BytesIO()
    making.write_package(batch, file, at=NOON)
    return file.getvalue()


@cache
def package() -> bytes:
    """The package of a released batch; it does not need the house any more."""
    return packed(released_batch())


def files_of(content: bytes) -> Files:
    """The files in a zip."""
    with zipfile.ZipFile(BytesIO(content)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def zipped(files: Files) -> bytes:
    """A zip of these files."""
    file = BytesIO()
    container = Container(file)
    for name, content in files.items():
        container.add(name, [content])
    container.finish()
    return file.getvalue()


def sealed_again(files: Files) -> bytes:
    """A package as a dishonest owner of the sealing key would make it."""
    manifest = json.loads(files["manifest.json"])
    document = json.loads(files["record.json"])
    manifest.update(digest=document["digest"], content_digest=document["content_digest"])
    manifest["files"] = [
        {**one, "sha256": verify.sha256(files[one["name"]])} for one in manifest["files"]
    ]
    text = making._json(manifest)
    return zipped({**files, "manifest.json": text, "manifest.sig": making.seal_of(text)})


def first_bad(text: str) -> str:
    """The file that a verifier names first."""
    found = re.search(r"^NOT VERIFIED\. First bad file: ([^:\n]+)", text, re.M)
    return found[1] if found else ""


def verified(folder: Path, content: bytes, *arguments: str) -> int:
    """Run the verifier over a package, here and now."""
    path = folder / "batch.zip"
    path.write_bytes(content)
    return verify.main([str(path), *arguments])

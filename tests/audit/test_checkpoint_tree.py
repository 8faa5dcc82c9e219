"""The tree of a checkpoint: one root for all streams, and proofs that show one of them only."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from audit.keys import seal
from audit.ledger import last_witness, leaves_of, proofs_of, sealed_text, write_checkpoint
from audit.verification import Verifier
from kernel.canonical import canonical
from kernel.merkle import is_in, leaf_hash
from supply.commands import register_patient
from tests.worlds.audit import act_by, person, site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("P11-02")]


def checkpoint() -> dict[str, Any]:
    line = write_checkpoint(act=act_by())
    assert line is not None
    return line


@pytest.fixture(autouse=True)
def file_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.CHECKPOINT_FILE = str(tmp_path / "checkpoints.jsonl")


def found() -> list[str]:
    return [str(finding) for finding in Verifier().findings()]


def test_each_stream_is_proved_by_the_last_line_and_a_path() -> None:
    site("PLANT")
    checkpoint()
    person("anna", "operator", at_site=site("NORTH"))
    line = checkpoint()
    heads, last = last_witness(Path(settings.CHECKPOINT_FILE))
    assert last == line
    assert line["tree"]["size"] == len(heads) == len(leaves_of(heads))
    proofs = proofs_of(heads, [*heads, "nobody:1"])
    assert [proof["stream"] for proof in proofs] == list(heads)
    for proof in proofs:
        leaf = leaf_hash(canonical([proof["stream"], proof["seq"], proof["hash"]]).encode())
        assert is_in(
            leaf,
            index=proof["index"],
            size=line["tree"]["size"],
            path=[bytes.fromhex(step) for step in proof["path"]],
            root=bytes.fromhex(line["tree"]["root"]),
        )
    assert found() == []


def forged(**changes: Any) -> None:
    """Change the last line of the file and seal it again, as who stole the sealing key would."""
    path = Path(settings.CHECKPOINT_FILE)
    *before, text = path.read_text().splitlines()
    line = {**json.loads(text), **changes}
    line["seal"] = seal(sealed_text(line))[1]
    path.write_text("\n".join([*before, canonical(line)]) + "\n")


def test_a_tree_that_is_not_that_of_its_heads_is_named() -> None:
    site("PLANT")
    checkpoint()
    forged(tree={"size": 1, "root": "0" * 64})
    assert "witness: checkpoint 1: its tree is not that of its heads" in found()


def test_the_tree_is_under_the_seal() -> None:
    site("PLANT")
    line = checkpoint()
    path = Path(settings.CHECKPOINT_FILE)
    path.write_text(canonical({**line, "tree": {**line["tree"], "size": 7}}) + "\n")
    assert "witness: checkpoint 1: its seal is not ours" in found()


def test_a_line_from_before_there_were_trees_is_still_good() -> None:
    site("PLANT")
    line = checkpoint()
    del line["tree"]
    line["seal"] = seal(sealed_text(line))[1]
    path = Path(settings.CHECKPOINT_FILE)
    path.write_text(canonical(line) + "\n")
    assert [one for one in found() if "seal" in one or "tree" in one] == []


def verified_since(number: int) -> tuple[int, str]:
    told = StringIO()
    try:
        call_command("verify_ledger", "--since", str(number), stdout=told)
    except SystemExit as ended:
        return int(ended.code or 0), told.getvalue()
    return 0, told.getvalue()


def test_only_what_moved_since_a_checkpoint_is_walked(attacker: Any) -> None:
    site("PLANT")
    patient = register_patient(
        identifiers=[{"system": "a", "value": "1"}], demographics={}, act=act_by()
    )
    checkpoint()
    assert verified_since(1)[1].startswith("Intact: 0 entries")
    site("NORTH")
    code, told = verified_since(1)
    assert (code, told.partition(",")[0]) == (0, "Intact: 3 entries")
    attacker.execute("UPDATE audit_site SET name = 'Planu' WHERE code = 'PLANT'")
    assert verified_since(1)[0] == 1
    attacker.execute("UPDATE audit_site SET name = 'Plant' WHERE code = 'PLANT'")
    attacker.execute("DELETE FROM audit_ledgerentry WHERE stream = %s", [patient.stream()])
    code, told = verified_since(1)
    assert (code, f"truncated: ledger {patient.stream()}" in told) == (1, True)


def test_a_checkpoint_that_is_not_there_is_no_verification() -> None:
    with pytest.raises(CommandError, match="no checkpoint 7") as refused:
        verified_since(7)
    assert refused.value.returncode == 2

"""Lies over which a package was sealed: what the seal of the manifest cannot find, the rest does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.keys import seal
from audit.ledger import link_text
from kernel.canonical import EMPTY_HASH, canonical, chained, digest
from mes.packages import making
from tests.worlds.packages import Files, files_of, first_bad, package, sealed_again, verified

pytestmark = pytest.mark.django_db
# What was changed, which file the verifier must name, and why it says so.
Lie = tuple[Files, str, str]


def a_changed_entry(files: Files) -> Lie:
    found = entries(files)
    _lie_in(found[5])
    return ledger(found), "ledger.jsonl", "was changed after it was recorded"


def an_entry_left_out(files: Files) -> Lie:
    found = entries(files)
    del found[5]
    return ledger(found), "ledger.jsonl", "does not follow the one before it"


def the_last_entry_cut_off(files: Files) -> Lie:
    return ledger(entries(files)[:-1]), "ledger.jsonl", "ends before"


def a_ledger_chained_again(files: Files) -> Lie:
    found = entries(files)
    _lie_in(found[5])
    return ledger(rechained(found)), "ledger.jsonl", "is not what checkpoint"


def an_entry_set_back(files: Files) -> Lie:
    found = entries(files)
    found[5]["recorded_at"] = "2020-01-01T00:00:00.000000Z"
    return ledger(rechained(found)), "ledger.jsonl", "is older than the one before it"


def an_entry_spread_out(files: Files) -> Lie:
    found = entries(files)
    found[5]["entry"] = found[5]["entry"].replace("{", "{ ", 1)
    return ledger(rechained(found)), "ledger.jsonl", "is not in the canonical form"


def a_checkpoint_of_somebody(files: Files) -> Lie:
    return _lines(files, lambda lines: lines[-1].update(at="2026-11-23T13:00:00.000000Z"),
                  "its seal is not that of a known key")  # fmt: skip


def a_checkpoint_in_another_place(files: Files) -> Lie:
    return _lines(files, list.reverse, "is out of its place")


def checkpoints_of_another_past(files: Files) -> Lie:
    def change(lines: list[Any]) -> None:
        assert lines[1]["n"] == lines[0]["n"] + 1
        body = {name: part for name, part in lines[1].items() if name != "seal"}
        body["previous"] = EMPTY_HASH
        lines[1] = {**body, "seal": seal(canonical(body))[1]}

    return _lines(files, change, "does not follow the one before it")


def another_path(files: Files) -> Lie:
    proofs = json.loads(files["proofs.json"])
    proofs["proofs"][0]["path"][0] = "0" * 64
    return {"proofs.json": making._json(proofs)}, "proofs.json", "does not stand in the tree"


def another_signer(files: Files) -> Lie:
    return _signatures(
        files, lambda found: found[0]["sealed"].update(signer_name="Mallory"), "its seal is broken"
    )


def another_signer_sealed(files: Files) -> Lie:
    def change(found: list[Any]) -> None:
        found[0]["sealed"]["signer_name"] = "Mallory"
        found[0]["seal"] = seal(canonical(found[0]["sealed"]))[1]

    return _signatures(files, change, "is not what the ledger recorded")


def another_statement(files: Files) -> Lie:
    return _signatures(
        files,
        lambda found: found[0]["statement"].update(batch="B-000099"),
        "its statement is not what was signed",
    )


def a_signature_left_out(files: Files) -> Lie:
    return _signatures(files, lambda found: found.pop(), "is missing")


def a_seal_transplanted(files: Files) -> Lie:
    return _signatures(
        files, lambda found: found[0].update(seal=found[1]["seal"]), "its seal is broken"
    )


def another_value_in_the_record(files: Files) -> Lie:
    def change(document: dict[str, Any]) -> None:
        step = next(one for one in document["record"]["steps"] if one["values"])
        step["values"][0]["entered"] = "another"

    return _record(files, change, "steps: is not what was sealed at the decision")


def another_signature_in_the_record(files: Files) -> Lie:
    def change(document: dict[str, Any]) -> None:
        document["record"]["batch"]["signatures"][0]["meaning"] = "approved"

    return _record(files, change, "is another one there")


def another_audit_trail(files: Files) -> Lie:
    return _record(
        files, lambda document: document["ledger"]["entries"].pop(), "its audit trail is not"
    )


def a_digest_made_up(files: Files) -> Lie:
    document = json.loads(files["record.json"])
    document["content_digest"] = "0" * 64
    return {"record.json": canonical(document).encode()}, "record.json", "its digests are not"


def another_reading(files: Files) -> Lie:
    (name,) = [name for name in files if name.startswith("readings/")]
    changed = files[name].replace(b",20.0,", b",20.05,", 1)
    return {name: changed}, name, "are not the readings that were sealed"


def readings_left_out(files: Files) -> Lie:
    return {"readings.json": b"[]\n"}, "readings.json", "are missing"


def entries(files: Files) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files["ledger.jsonl"].decode().split("\n") if line]


def ledger(changed: list[dict[str, Any]]) -> Files:
    return {"ledger.jsonl": "".join(canonical(one) + "\n" for one in changed).encode()}


def _lie_in(entry: dict[str, Any]) -> None:
    entry["entry"] = entry["entry"].replace('"reason":"', '"reason":"not ')


def rechained(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    last: dict[str, str] = {}
    for one in found:
        one["prev_hash"] = last.get(one["stream"], EMPTY_HASH)
        text = link_text(**{name: one[name] for name in ("stream", "seq", "entry")}, recorded_at=0)
        text = text.replace('"recorded_at":"0"', f'"recorded_at":"{one["recorded_at"]}"')
        last[one["stream"]] = one["hash"] = chained(one["prev_hash"], text)
    return found


def _lines(files: Files, change: Callable[[list[Any]], Any], words: str) -> Lie:
    lines = [json.loads(line) for line in files["checkpoints.jsonl"].splitlines()]
    change(lines)
    text = "".join(canonical(line) + "\n" for line in lines)
    return {"checkpoints.jsonl": text.encode()}, "checkpoints.jsonl", words


def _signatures(files: Files, change: Callable[[list[Any]], Any], words: str) -> Lie:
    found = json.loads(files["signatures.json"])
    change(found)
    return {"signatures.json": making._json(found)}, "signatures.json", words


def _record(files: Files, change: Callable[[dict[str, Any]], Any], words: str) -> Lie:
    document = json.loads(files["record.json"])
    change(document)
    document["content_digest"] = digest(document["record"])
    document["digest"] = digest({n: part for n, part in document.items() if n != "digest"})
    return {"record.json": canonical(document).encode()}, "record.json", words


LIES = [
    a_changed_entry, an_entry_left_out, the_last_entry_cut_off, a_ledger_chained_again,
    an_entry_set_back, an_entry_spread_out, a_checkpoint_of_somebody,
    a_checkpoint_in_another_place, checkpoints_of_another_past, another_path, another_signer,
    another_signer_sealed, another_statement, a_signature_left_out, a_seal_transplanted,
    another_value_in_the_record, another_signature_in_the_record, another_audit_trail,
    a_digest_made_up, another_reading, readings_left_out,
]  # fmt: skip


@pytest.mark.requirement("P11-17", "P11-03", "A11D-22")
@pytest.mark.parametrize("lie", LIES)
def test_a_package_sealed_over_a_lie_is_named(
    lie: Callable[[Files], Lie], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = files_of(package())
    assert verified(tmp_path, sealed_again(files)) == 0
    changed, name, words = lie(files)
    assert {one: files[one] for one in changed} != changed
    capsys.readouterr()
    code = verified(tmp_path, sealed_again({**files, **changed}))
    text = capsys.readouterr().out
    assert (code, first_bad(text)) == (1, name), text
    assert any(line.startswith(f"BAD   {name}") and words in line for line in text.split("\n")), (
        text
    )

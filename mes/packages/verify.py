#!/usr/bin/env python3
"""Verify a OneLot package: is this record of a batch still the one that was sealed?

    python verify.py                 inside the unpacked folder
    python verify.py FILE.zip        with the file as it was received
    python verify.py FILE.zip --key FINGERPRINT --paper "TEXT OF THE QR CODE"

It needs Python 3.9 or later and nothing else; no network, no database. It ends with 0 when all is
as it was sealed, with 1 when it is not (the files are named), with 2 when there is no package.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

FORMAT = "onelot package 1"
MANIFEST, SEAL = "manifest.json", "manifest.sig"
EMPTY_HASH = "0" * 64
EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - all times here are UTC, and written without a zone
MICROSECOND = timedelta(microseconds=1)
# What a folder gets from those who open it, and is no part of a package.
LITTER = ("__pycache__/", ".DS_Store", "Thumbs.db", "desktop.ini")
# Parts of a record that live on after the decision by recorded acts, and whose acts those are.
LIVING = {"deviations": "quality.Deviation", "exceptions": "quality.BatchException"}
UNREADABLE = (
    *(ValueError, KeyError, TypeError, IndexError, AttributeError),
    *(RecursionError, OverflowError, struct.error),
)

PROVES = """\
What this proves: the files are those that the holder of the sealing key put together; in the ledger
no entry was changed, left out, put in or moved; each signature covers its signer, meaning, time and
what was signed; record and readings are those that were sealed, the record when it was decided.
What it cannot prove: that the sealing key is the manufacturer's (compare its fingerprint with the
one the manufacturer gives you by another way, or name it with --key); that what people entered was
true and their clock right; what no checkpoint has witnessed yet; what happened after the package was
made. The signature inside record.pdf is shown by your PDF reader."""

# --- Ed25519, RFC 8032 section 5.1 ---------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
# A point (x, y) is held as (X, Y, Z, T) with x = X/Z, y = Y/Z and xy = T/Z: no division on the way.
Point = tuple[int, int, int, int]
NOWHERE: Point = (0, 1, 1, 0)


def _sum(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * CURVE % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(factor: int, point: Point) -> Point:
    total = NOWHERE
    while factor:
        if factor & 1:
            total = _sum(total, point)
        point, factor = _sum(point, point), factor >> 1
    return total


def _point(raw: bytes) -> Point:
    """Return the point that 32 bytes mean: y, and the sign of x in the highest bit."""
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if len(raw) != 32 or y >= P:
        raise ValueError("no point")
    square = (y * y - 1) * pow(CURVE * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        raise ValueError("no point")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public: bytes, signature: bytes, text: bytes) -> bool:
    """Say whether ``signature`` is the Ed25519 signature of ``text`` by ``public``."""
    try:
        key, first = _point(public), _point(signature[:32])
    except ValueError:
        return False
    scalar = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or scalar >= ORDER:
        return False
    hashed = hashlib.sha512(signature[:32] + public + text).digest()
    wanted = _sum(first, _times(int.from_bytes(hashed, "little") % ORDER, key))
    found = _times(scalar, BASE)
    return (found[0] * wanted[2] - wanted[0] * found[2]) % P == 0 and (
        found[1] * wanted[2] - wanted[1] * found[2]
    ) % P == 0


def is_signed_by_wheel(public: bytes, signature: bytes, text: bytes) -> bool:
    """Say the same, a hundred times faster.

    Raises:
        ImportError: the package cryptography is not installed here.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


def quickest(*, pure: bool) -> Callable[[bytes, bytes, bytes], bool]:
    """Return the way to check a signature that this machine has."""
    try:
        is_signed_by_wheel(b"", b"", b"")
    except ImportError:
        return is_signed
    return is_signed if pure else is_signed_by_wheel


# --- One form for everything that is hashed: RFC 8785, without floats ----------------------------


def read_json(text: str) -> Any:
    """Return the value of a JSON text that holds no float and no key twice."""
    return json.loads(text, parse_float=_no, parse_constant=_no, object_pairs_hook=_each_once)


def _no(text: str) -> NoReturn:
    raise ValueError(f"{text} stands on no record")


def _each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def canonical(value: Any) -> str:
    """Return the canonical text of a JSON value."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical text."""
    return sha256(canonical(value).encode())


def sha256(content: bytes) -> str:
    """Return the SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def is_in_tree(leaf: str, *, index: int, size: int, path: list[str], root: str) -> bool:
    """Say whether a Merkle path proves that ``leaf`` stands in a tree (RFC 9162, 2.1.3.2)."""
    found, last, rest = hashlib.sha256(b"\x00" + leaf.encode()).digest(), size - 1, list(path)
    while last > 0:
        if index % 2 or index != last:
            beside = bytes.fromhex(rest.pop(0)) if rest else b""
            pair = beside + found if index % 2 else found + beside
            found = hashlib.sha256(b"\x01" + pair).digest()
        index, last = index // 2, last // 2
    return index == 0 and not rest and found.hex() == root


# --- The zip: nothing compressed, no dates, so that every byte of it is known --------------------

LOCAL, CENTRAL, END = (struct.Struct(f"<4s{form}") for form in ("5H3I2H", "6H3I5H2I", "4H2IH"))
DATE = 0x21  # 1980-01-01, the first day a zip knows


def local_header(name: str, crc: int, size: int) -> bytes:
    """Return what stands before a file."""
    raw = name.encode()
    return LOCAL.pack(b"PK\3\4", 20, 0, 0, 0, DATE, crc, size, size, len(raw), 0) + raw


def central_header(name: str, crc: int, size: int, at: int) -> bytes:
    """Return the line of a file in the directory."""
    raw = name.encode()
    fixed = (b"PK\1\2", 20, 20, 0, 0, 0, DATE, crc, size, size, len(raw), 0, 0, 0, 0, 0, at)
    return CENTRAL.pack(*fixed) + raw


def end_record(count: int, size: int, at: int) -> bytes:
    """Return the end of a zip."""
    return END.pack(b"PK\5\6", 0, 0, count, count, size, at, 0)


def opened(path: Path) -> zipfile.ZipFile:
    """Open a zip; raise BadZipFile where a changed byte asks for what no zip of ours needs."""
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError):
        raise
    except Exception as error:  # such as NotImplementedError, for a version of zips to come
        raise zipfile.BadZipFile(f"cannot be opened ({type(error).__name__})") from error


class Package:
    """The files of a package, in a folder or in a zip."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.zip = None if path.is_dir() else opened(path)

    def names(self) -> list[str]:
        """Return the names of all files that are there."""
        if self.zip is not None:
            return self.zip.namelist()
        found = (one.relative_to(self.path).as_posix() for one in self.path.rglob("*"))
        return sorted(one for one in found if (self.path / one).is_file() and not _is_litter(one))

    def read(self, name: str) -> bytes:
        """Return a file.

        Raises:
            ValueError: it cannot be read.
        """
        try:
            return (self.path / name).read_bytes() if self.zip is None else self.zip.read(name)
        except Exception as error:  # whatever a changed byte makes of a zip or of a disk
            raise ValueError(f"cannot be read ({type(error).__name__})") from error

    def changed_places(self, names: Sequence[str]) -> Iterator[str]:
        """Yield whose place in the zip is not as it was made, or the zip where it is its end."""
        if self.zip is None:
            return
        data, at, directory = self.path.read_bytes(), 0, []
        for name in names:
            body = self.read(name)
            header = local_header(name, zlib.crc32(body), len(body))
            if data[at : at + len(header)] != header:
                yield name
            directory.append(central_header(name, zlib.crc32(body), len(body), at))
            at += len(header) + len(body)
        begun = at
        for name, line in zip(names, directory):
            if data[at : at + len(line)] != line:
                yield name
            at += len(line)
        if data[at:] != end_record(len(names), at - begun, begun):
            yield self.path.name


def _is_litter(name: str) -> bool:
    return any(name.startswith(one) or name.endswith(one) for one in LITTER)


# --- What is verified ----------------------------------------------------------------------------


class Report:
    """What was found, told as it is found."""

    def __init__(self) -> None:
        self.wrong: list[tuple[str, str]] = []

    def tell(self, mark: str, text: str) -> None:
        """Write one line."""
        # Nothing that stands in a package may steer the terminal it is shown on.
        plain = "".join(letter if " " <= letter <= "~" else "?" for letter in text)
        sys.stdout.write(f"{mark:<5} {plain}\n")

    def good(self, text: str) -> None:
        """Tell what holds."""
        self.tell("ok", text)

    def note(self, text: str) -> None:
        """Tell what the reader should know, and what is not wrong."""
        self.tell("note", text)

    def bad(self, file: str, detail: str) -> None:
        """Tell what does not hold, and in which file."""
        self.wrong.append((file, detail))
        self.tell("BAD", f"{file}: {detail}")


class Verification:
    """One package being verified.

    Args:
        fingerprint: the SHA-256 of the sealing key, or its beginning, as the manufacturer gave it.
        paper: the text of the QR code of a printed record.
    """

    def __init__(self, package: Package, *, pure: bool, fingerprint: str, paper: str) -> None:
        self.package, self.report = package, Report()
        self.is_signed = quickest(pure=pure)
        self.fingerprint, self.paper = fingerprint.lower(), paper.lower().split()
        self.manifest: dict[str, Any] = {}
        self.damaged: set[str] = set()
        self.keys: dict[str, bytes] = {}
        self.ledger: dict[str, list[dict[str, Any]]] = {}
        self.lines: list[dict[str, Any]] = []
        self.signatures: dict[int, dict[str, Any]] = {}

    def run(self) -> bool:
        """Verify everything, and return whether all is as it was sealed."""
        self._guarded(MANIFEST, self.check_manifest)
        if self.manifest:
            keys, ledger, lines = "public-keys.json", "ledger.jsonl", "checkpoints.jsonl"
            record, given = "record.json", "signatures.json"
            self._ask(self.package.path.name, self.check_places)
            self._ask(keys, self.check_key, SEAL)
            self._ask(ledger, self.check_ledger)
            self._ask(lines, self.check_checkpoints, keys, ledger)
            self._ask("proofs.json", self.check_proofs, lines, ledger)
            self._ask(given, self.check_signatures, keys, ledger)
            self._ask(record, self.check_record, ledger, given)
            self._ask("readings.json", self.check_readings, ledger, record)
            self._ask(record, self.check_paper, lines)
        return not self.report.wrong

    def _ask(self, file: str, check: Callable[[], None], *others: str) -> None:
        """Check a file, unless it or one that it is compared with is damaged."""
        if not self.damaged & {file, *others}:
            self._guarded(file, check)

    def _guarded(self, file: str, check: Callable[[], None]) -> None:
        try:
            check()
        except UNREADABLE as error:
            self.report.bad(file, f"cannot be read ({type(error).__name__}: {error})"[:200])

    def json(self, name: str) -> Any:
        """Return a file of the package as JSON."""
        return read_json(self.package.read(name).decode())

    def jsonl(self, name: str) -> list[Any]:
        """Return a file of JSON lines."""
        return [read_json(line) for line in self.package.read(name).decode().split("\n") if line]

    def is_sealed(self, value: Any, *, key: str, seal: str) -> bool:
        """Say whether ``seal`` is that of a known key over the canonical text of ``value``."""
        public = self.keys.get(key)
        if public is None:
            return False
        return self.is_signed(public, bytes.fromhex(seal), canonical(value).encode())

    # The manifest, and the bytes of every file.

    def check_manifest(self) -> None:
        """Is every file the one that the sealed manifest lists?"""
        raw, names = self.package.read(MANIFEST), self.package.names()
        self._guarded(SEAL, lambda: self._check_seal(raw))
        if any(file == MANIFEST for file, _ in self.report.wrong):
            return
        manifest = read_json(raw.decode())
        listed = {one["name"]: one["sha256"] for one in manifest["files"]}
        if manifest["format"] != FORMAT:
            raise ValueError(f"this verifier reads {FORMAT} only")
        for name, wanted in listed.items():
            self._guarded(name, functools.partial(self._check, name, wanted, names))
        for name in sorted(set(names) - {*listed, MANIFEST, SEAL}):
            if self.package.zip is not None:
                self.report.bad(name, "is no part of the package")
            else:
                self.report.note(f"{name} is no part of the package; nothing is known of it.")
        self.damaged = {file for file, _ in self.report.wrong}
        self.manifest = manifest
        if not self.report.wrong:
            made = f"made {manifest['made_at']} by OneLot {manifest['version']}"
            self.report.good(f"{len(listed)} files of batch {manifest['batch']} as sealed, {made}")

    def _check(self, name: str, wanted: str, names: Sequence[str]) -> None:
        if name not in names:
            self.report.bad(name, "is missing")
        elif sha256(self.package.read(name)) != wanted:
            self.report.bad(name, "is not the file that was put in")

    def _check_seal(self, raw: bytes) -> None:
        """Is the manifest sealed? If not: is it the manifest that changed, the seal, or the key?"""
        text = self.package.read(SEAL).decode()
        sealed = read_json(text)
        try:
            keys_as_read = self.package.read("public-keys.json")
        except ValueError:
            return  # told of with the other files
        is_same = sealed["manifest_sha256"] == sha256(raw)
        listed = read_json(raw.decode())["files"] if is_same else []
        for one in listed:
            if one["name"] == "public-keys.json" and one["sha256"] != sha256(keys_as_read):
                return  # told of with the other files
        self.keys = keys_in(read_json(keys_as_read.decode()))
        body = {name: part for name, part in sealed.items() if name != "seal"}
        if text != canonical(sealed) + "\n" or not self.is_sealed(
            body, key=sealed["key"], seal=sealed["seal"]
        ):
            self.report.bad(SEAL, "is not the seal of a known key")
        elif not is_same:
            self.report.bad(MANIFEST, "is not the manifest that was sealed")

    def check_places(self) -> None:
        """Is the zip itself as it was made, byte by byte?"""
        if self.damaged or self.package.zip is None:
            return
        names = [*(one["name"] for one in self.manifest["files"]), MANIFEST, SEAL]
        for name in self.package.changed_places(names):
            self.report.bad(name, "its place in the zip was changed")

    def check_key(self) -> None:
        """Whose seal is it?"""
        sealing = self.json(SEAL)["key"]
        for key_id, raw in sorted(self.keys.items()):
            self.report.note(f"key {key_id} has the fingerprint {sha256(raw)}")
        wanted = self.fingerprint.replace(":", "")
        if not wanted:
            self.report.note("Compare it with the one that the manufacturer gives you.")
        elif len(wanted) < 16 or not sha256(self.keys[sealing]).startswith(wanted):
            self.report.bad("public-keys.json", "the sealing key is not the one you named")
        else:
            self.report.good("the sealing key is the one you named")

    # The ledger and its witnesses.

    def check_ledger(self) -> None:
        """Does every entry follow from the one before?"""
        for entry in self.jsonl("ledger.jsonl"):
            known = self.ledger.setdefault(entry["stream"], [])
            first = {"seq": 0, "hash": EMPTY_HASH, "recorded_at": ""}
            last: dict[str, Any] = known[-1] if known else first
            where = f"entry {entry['seq']} of {entry['stream']}"
            text = (
                f'{{"entry":{entry["entry"]},"recorded_at":"{entry["recorded_at"]}"'
                f',"seq":{entry["seq"]},"stream":"{entry["stream"]}"}}'
            )
            if entry["seq"] != last["seq"] + 1 or entry["prev_hash"] != last["hash"]:
                self.report.bad("ledger.jsonl", f"{where} does not follow the one before it")
            elif sha256((entry["prev_hash"] + text).encode()) != entry["hash"]:
                self.report.bad("ledger.jsonl", f"{where} was changed after it was recorded")
            elif entry["recorded_at"] < last["recorded_at"]:
                self.report.bad("ledger.jsonl", f"{where} is older than the one before it")
            elif canonical(read_json(entry["entry"])) != entry["entry"]:
                self.report.bad("ledger.jsonl", f"{where} is not in the canonical form")
            known.append(entry)
        count = sum(map(len, self.ledger.values()))
        self._good("ledger.jsonl", f"{count} entries of the ledger, chained without a gap")

    def _good(self, file: str, text: str) -> None:
        if all(bad != file for bad, _ in self.report.wrong):
            self.report.good(text)

    def _at(self, stream: str, seq: int) -> dict[str, Any] | None:
        known = self.ledger.get(stream, [])
        return known[seq - 1] if 0 < seq <= len(known) else None

    def _check_head(self, file: str, number: int, stream: str, head: Sequence[Any]) -> None:
        entry = self._at(stream, head[0])
        if entry is None:
            self.report.bad(
                "ledger.jsonl", f"{stream} ends before #{head[0]}: see {file}, {number}"
            )
        elif entry["hash"] != head[1]:
            self.report.bad(
                "ledger.jsonl", f"{stream} #{head[0]} is not what checkpoint {number} saw"
            )

    def check_checkpoints(self) -> None:
        """Are the checkpoints sealed and chained, and did they see this ledger?"""
        before: dict[str, Any] = {"n": 0}
        for line in self.jsonl("checkpoints.jsonl"):
            where = f"checkpoint {line['n']}"
            body = {name: part for name, part in line.items() if name != "seal"}
            if not self.is_sealed(body, key=line["key"], seal=line["seal"]):
                self.report.bad(
                    "checkpoints.jsonl", f"{where}: its seal is not that of a known key"
                )
            if line["n"] <= before["n"]:
                self.report.bad("checkpoints.jsonl", f"{where} is out of its place")
            elif (
                line["n"] == before["n"] + 1 and before["n"] and line["previous"] != digest(before)
            ):
                self.report.bad("checkpoints.jsonl", f"{where} does not follow the one before it")
            for stream in self.manifest["streams"]:
                if stream in line["heads"]:
                    self._check_head("checkpoints.jsonl", line["n"], stream, line["heads"][stream])
            before = line
            self.lines.append(line)
        self._good("checkpoints.jsonl", f"{len(self.lines)} checkpoints, sealed, saw this ledger")

    def check_proofs(self) -> None:
        """Do the streams stand in the tree of the last checkpoint, and up to where?"""
        told = self.json("proofs.json")
        seen: dict[str, int] = {}
        if told["proofs"]:
            line = {one["n"]: one for one in self.lines}[told["checkpoint"]]
            for one in told["proofs"]:
                stream, head = one["stream"], [one["seq"], one["hash"]]
                if not is_in_tree(
                    canonical([stream, *head]), index=one["index"], path=one["path"], **line["tree"]
                ):
                    self.report.bad("proofs.json", f"{stream} does not stand in the tree")
                self._check_head("proofs.json", line["n"], stream, head)
                seen[stream] = one["seq"]
            self._good("proofs.json", f"checkpoint {line['n']} of {line['at']} proves the streams")
        for line in self.lines:
            for stream in set(line["heads"]) & set(self.ledger):
                seen[stream] = max(seen.get(stream, 0), line["heads"][stream][0])
        for stream, known in sorted(self.ledger.items()):
            if len(known) > seen.get(stream, 0):
                count = len(known) - seen.get(stream, 0)
                self.report.note(f"The last {count} entries of {stream} have no witness yet.")

    # Signatures, record and readings.

    def check_signatures(self) -> None:
        """Does each seal cover its signature, and is each in the ledger as it stands here?"""
        recorded = {
            entry["subject"]["id"]: entry["after"]
            for _, entry in self._entries()
            if entry["verb"] == "sign" and entry["subject"]["type"] == "audit.Signature"
        }
        for one in self.json("signatures.json"):
            sealed, where = one["sealed"], f"signature {one['id']}"
            if not self.is_sealed(sealed, key=one["key_id"], seal=one["seal"]):
                self.report.bad("signatures.json", f"{where}: its seal is broken")
            if sealed["key_id"] != one["key_id"]:
                self.report.bad("signatures.json", f"{where}: is sealed by another key")
            if digest(one["statement"]) != sealed["statement_digest"]:
                self.report.bad("signatures.json", f"{where}: its statement is not what was signed")
            rest = {"id": one["id"], "statement": one["statement"], "seal": one["seal"]}
            if recorded.get(str(one["id"])) != {**sealed, **rest}:
                self.report.bad("signatures.json", f"{where}: is not what the ledger recorded")
            self.signatures[one["id"]] = one
        for missing in sorted(set(recorded) - {str(number) for number in self.signatures}):
            self.report.bad("signatures.json", f"signature {missing} is missing")
        self._good("signatures.json", f"{len(self.signatures)} signatures, as they were given")

    def _entries(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Yield every entry of the ledger, as it was chained and as it reads."""
        for known in self.ledger.values():
            yield from ((entry, json.loads(entry["entry"])) for entry in known)

    def check_record(self) -> None:
        """Is the record the one that was signed, sealed and put into the manifest?"""
        document = self.json("record.json")
        body = {name: part for name, part in document.items() if name != "digest"}
        wanted = self.manifest["digest"], self.manifest["content_digest"]
        if (digest(body), digest(document["record"])) != wanted or document["digest"] != wanted[0]:
            self.report.bad("record.json", "its digests are not those of its content")
        stream = document["ledger"]["stream"]
        told = [
            (one["seq"], one["recorded_at"], one["hash"], canonical(one["entry"]))
            for one in document["ledger"]["entries"]
        ]
        names = ("seq", "recorded_at", "hash", "entry")
        if told != [tuple(one[name] for name in names) for one in self.ledger.get(stream, [])]:
            self.report.bad("record.json", "its audit trail is not the ledger")
        for signature in signatures_within(document["record"]):
            known = self.signatures.get(signature["id"], {"sealed": {}})
            stated = {"seal": known.get("seal"), "statement": known.get("statement")}
            stated.update(known["sealed"])
            stated.update(signer=stated.get("signer_name"), username=stated.get("signer_username"))
            if any(stated.get(name) != part for name, part in signature.items() if name != "id"):
                self.report.bad("record.json", f"signature {signature['id']} is another one there")
        self._check_decision(document["record"], stream)
        self._good("record.json", "the record: its digests, its audit trail, its signatures")

    def _check_decision(self, record: dict[str, Any], stream: str) -> None:
        """Compare the record with the digest that was sealed when the batch was decided."""
        sealed = [
            (entry["recorded_at"], text["notes"])
            for entry, text in self._entries()
            if text["verb"] == "seal_record" and entry["stream"] == stream
        ]
        if not sealed:
            if record["disposition"] is not None:
                self.report.bad("record.json", "the batch was decided, and its record never sealed")
            else:
                self.report.note("The batch is not decided yet; its record may still grow.")
            return
        at, notes = sealed[-1]
        if notes["content_digest"] == digest(record):
            self.report.good(f"the record is the one that was sealed at the decision, {at}")
            return
        later = {
            text["subject"]["type"] for entry, text in self._entries() if entry["recorded_at"] > at
        }
        for name in sorted(set(notes["parts"]) | set(record)):
            if name in record and digest(record[name]) == notes["parts"].get(name):
                continue
            if name == "alarms":
                told = "Alarms live on with their sensor, whose ledger is not in this package:"
                self.report.note(f"{told} they are not as they were at the decision.")
            elif LIVING.get(name, "") in later:
                self.report.note(f"The {name} went on after the decision: see the ledger.")
            else:
                self.report.bad("record.json", f"{name}: is not what was sealed at the decision")

    def check_readings(self) -> None:
        """Are the readings those of the record, and those that were sealed?"""
        sealed = {
            entry["subject"]["id"]: entry["after"]["summary"]["readings_digest"]
            for _, entry in self._entries()
            if entry["verb"] == "seal_watch"
        }
        told = {
            one["sensor"]: one["summary"] for one in self.json("record.json")["record"]["sensors"]
        }
        count = 0
        for one in self.json("readings.json"):
            if one["file"] in self.damaged:
                continue
            found, rows = digest_of_readings(self.package.read(one["file"]).decode())
            count += rows
            wanted = sealed.pop(str(one["watch"]), None)
            if wanted is None:
                self.report.note(f"The readings of {one['sensor']} are not sealed yet.")
            elif not found == wanted == told[one["sensor"]]["readings_digest"]:
                self.report.bad(one["file"], "are not the readings that were sealed")
        for watch in sealed:
            self.report.bad("readings.json", f"the readings of watch {watch} are missing")
        self._good("readings.json", f"{count} readings of the sensors")

    def check_paper(self) -> None:
        """Does the QR code of a printed record name this record?"""
        if not self.paper:
            return
        number, content, checkpoint, beginning = (*self.paper, "", "", "")[:4]
        seen = {str(line["n"]): digest(line) for line in self.lines}
        if (number, content) != (self.manifest["batch"].lower(), self.manifest["content_digest"]):
            self.report.bad("record.json", "is not the record that was printed")
        elif checkpoint in seen and not seen[checkpoint].startswith(beginning):
            self.report.bad("checkpoints.jsonl", f"checkpoint {checkpoint} is not the printed one")
        else:
            self.report.good("the paper names this record")


def keys_in(told: dict[str, Any]) -> dict[str, bytes]:
    """Return the public keys by their ids, which are the beginning of their fingerprints."""
    known = {key_id: bytes.fromhex(raw) for key_id, raw in told["seals"].items()}
    return {key_id: raw for key_id, raw in known.items() if sha256(raw)[:16] == key_id}


def signatures_within(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every signature that a record shows."""
    if isinstance(value, list):
        for item in value:
            yield from signatures_within(item)
    elif isinstance(value, dict):
        if "statement_digest" in value and "seal" in value:
            yield value
        else:
            for item in value.values():
                yield from signatures_within(item)


def digest_of_readings(text: str) -> tuple[str, int]:
    """Return the digest over the readings of a CSV, as the house seals them, and their number.

    Each reading is its time in microseconds since 2000 (8 bytes), its value as a double (8 bytes,
    absent when there is none) and its quality (2 bytes), most significant byte first.
    """
    made, lines = hashlib.sha256(), text.splitlines()[1:]
    for line in lines:
        at, value, quality = line.split(",")
        since = (datetime.fromisoformat(at.rstrip("Z")) - EPOCH) // MICROSECOND
        if value:
            made.update(struct.pack(">qdh", since, float(value), int(quality)))
        else:
            made.update(struct.pack(">qh", since, int(quality)))
    return made.hexdigest(), len(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify, tell, and return how it ended."""
    parser = argparse.ArgumentParser(
        description="Verify a OneLot package. Ends with 0: all as sealed, 1: not, 2: no package."
    )
    parser.add_argument("package", nargs="?", help="the zip, or the folder it was unpacked into")
    parser.add_argument("--key", default="", help="the fingerprint that the manufacturer gave you")
    parser.add_argument("--paper", default="", help="the text of the QR code of a printed record")
    parser.add_argument("--pure", action="store_true", help="do without the package cryptography")
    asked = parser.parse_args(arguments)
    path = Path(asked.package) if asked.package else Path(__file__).resolve().parent
    try:
        package = Package(path)
        if MANIFEST not in package.names() and package.zip is None:
            raise FileNotFoundError(f"there is no {MANIFEST} in it")
    except zipfile.BadZipFile as error:
        sys.stdout.write(f"NOT VERIFIED. First bad file: {path.name}: no whole zip ({error})\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{path}: no package: {error}\n")
        return 2
    verification = Verification(package, pure=asked.pure, fingerprint=asked.key, paper=asked.paper)
    is_good = verification.run()
    if is_good:
        sys.stdout.write("\nVERIFIED.\n")
    else:
        sys.stdout.write(f"\nNOT VERIFIED. First bad file: {verification.report.wrong[0][0]}\n")
    sys.stdout.write(f"{PROVES}\n")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())

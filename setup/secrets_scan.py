"""The scan for secrets: what looks like a key, a token or a password in a file that is committed.

    python setup/secrets_scan.py           every tracked file; 1 when something was found
    python setup/secrets_scan.py FILE…     these files

What was found is named by file, line and rule; the secret itself is never printed. A line that only
looks like one says so, with the reason: "no secret: made up for a test". Standard library only.
"""

import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from locked import DEV_LOCK, NODE_LOCK, PROJECT, RUNTIME_LOCK

# Their whole purpose is hashes.
LEFT_OUT = {RUNTIME_LOCK, DEV_LOCK, NODE_LOCK}
MADE_HERE = {"node_modules", "var", "static-root", "test-results", "__pycache__"}
LARGEST = 2_000_000
ALLOWED = re.compile(r"no secret: \S.{3,}")
RULES = {
    "private key": re.compile(
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----|AGE-SECRET-KEY-1[0-9A-Z]{50}"
    ),
    "access key of a cloud": re.compile(
        r"\b(?:AKIA|ASIA|AROA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}\b"
    ),
    "token of a code host": re.compile(
        r"\b(?:gh[pousr]_[0-9A-Za-z]{36}|github_pat_\w{50}|glpat-[\w-]{20})"
    ),
    "token of a package index": re.compile(r"\bpypi-AgEI[\w-]{50}|\bnpm_[0-9A-Za-z]{36}\b"),
    "token of a service": re.compile(
        r"\bxox[abprs]-[0-9A-Za-z-]{20}|\bsk_live_[0-9A-Za-z]{20}|\bSG\.[\w-]{20,}\."
    ),
    "signed token": re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "token of OneLot": re.compile(r"\bmes_live_[A-Za-z0-9_-]{20}"),
    "password in an address": re.compile(
        r"\b[a-z][a-z0-9+.-]*://[^\s:@/'\"{}$<]+:(?P<value>[^\s@/'\"{}$<]{8,})@"
    ),
    "value of a secret": re.compile(
        r"(?i)(?:password|passwd|secret|token|api_?key|private_?key|credential)\w{0,12}[\"']?\s*[:=]\s*"
        r"[\"']?(?P<value>[A-Za-z0-9+/=_~.-]{16,})[\"']?(?=[\s,;)}\]]|$)"
    ),
}
# Bits in a letter: of names and words below, of what a machine drew above.
DRAWN = 3.5


def main(arguments: list[str]) -> int:
    """Scan, and name what was found."""
    files = [Path(one).resolve() for one in arguments] or list(tracked())
    count = 0
    for file in files:
        for number, rule in findings_in(file):
            sys.stdout.write(f"{shown(file)}:{number}: {rule}\n")
            count += 1
    if count:
        sys.stdout.write(
            f"{count} lines look like secrets: take them out, and change what was exposed.\n"
        )
    return 1 if count else 0


def shown(file: Path) -> str:
    """Return how a file is named."""
    return str(file.relative_to(PROJECT)) if file.is_relative_to(PROJECT) else str(file)


def tracked() -> Iterator[Path]:
    """Yield the files that are committed and those that would be; without git, all that are here."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.split("\0") if listed.returncode == 0 else list(unpacked())
    for name in names:
        path = PROJECT / name
        if name and name not in LEFT_OUT and path.is_file() and path.stat().st_size <= LARGEST:
            yield path


def unpacked() -> Iterator[str]:
    """Yield the name of every file of an unpacked archive that is not made here."""
    for path in sorted(PROJECT.rglob("*")):
        parts = path.relative_to(PROJECT).parts
        if not MADE_HERE.intersection(parts) and not any(one.startswith(".") for one in parts[:-1]):
            yield "/".join(parts)


def findings_in(file: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, rule) of whatever looks like a secret in a file."""
    content = file.read_bytes()
    if b"\0" in content[:8000]:
        return
    for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
        rule = rule_of(line)
        if rule and not ALLOWED.search(line):
            yield number, rule


def rule_of(line: str) -> str:
    """Return the first rule that a line breaks; empty when it breaks none."""
    for name, pattern in RULES.items():
        for found in pattern.finditer(line):
            value = found.groupdict().get("value")
            if value is None or is_drawn(value):
                return name
    return ""


def is_drawn(value: str) -> bool:
    """Say whether a value looks drawn by a machine, not written by a person.

    Letters and digits are mixed, and no letter comes much more often than the others.
    """
    if not (re.search(r"\d", value) and re.search(r"[A-Za-z]", value)):
        return False
    counts = Counter(value)
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return bits >= min(DRAWN, math.log2(len(value)) * 0.85)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Make the lock files anew: exact versions, a hash for every file, no address of any registry.

Run it with the lowest Python that OneLot supports: a package that only an older Python needs is
not in the lock of a newer one, and its installation would then be refused there.
"""

import json
import re
import subprocess
import sys

from locked import DEV_LOCK, MARK, NODE_LOCK, PROJECT, RUNTIME_LOCK, digest_of_lists

ADDRESS = re.compile(r"https?://|^--", re.MULTILINE)
NODE_ADDRESSES = ("resolved", "funding")


def main() -> int:
    """Make all three; 1 and one sentence when one cannot be made."""
    try:
        compile_lock(RUNTIME_LOCK, [])
        compile_lock(DEV_LOCK, ["--extra", "dev", "--constraint", RUNTIME_LOCK])
        lock_front_end()
    except RuntimeError as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    return 0


def compile_lock(name: str, more: list[str]) -> None:
    """Make one lock file of Python packages."""
    print(f"Making {name} …", flush=True)
    options = ["--generate-hashes", "--strip-extras", "--allow-unsafe", "--no-header", "--quiet"]
    options += [f"--no-emit-{what}" for what in ("index-url", "find-links", "trusted-host")]
    command = [
        *(sys.executable, "-m", "piptools", "compile", *options, "--no-emit-options", *more),
        *("--output-file", name, "pyproject.toml"),
    ]
    run(command, f"{name} could not be made")
    lock = PROJECT / name
    lines = lock.read_text(encoding="utf-8").splitlines(keepends=True)
    body = "".join(line for line in lines if not line.startswith(MARK))
    if ADDRESS.search(body):
        raise RuntimeError(f"{name} holds an address or an option, which a lock file must not.")
    lock.write_text(f"{MARK}{digest_of_lists()}\n{body}", encoding="utf-8")


def lock_front_end() -> None:
    """Make the lock file of the front-end packages."""
    print(f"Making {NODE_LOCK} …", flush=True)
    run(
        ["npm", "install", "--package-lock-only", "--ignore-scripts"],
        f"{NODE_LOCK} could not be made",
    )
    lock = PROJECT / NODE_LOCK
    found = json.loads(lock.read_text(encoding="utf-8"))
    for package in found["packages"].values():
        for address in NODE_ADDRESSES:
            package.pop(address, None)
    lock.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def run(command: list[str], failure: str) -> None:
    """Run a tool, and say what it said when it fails."""
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{failure}:\n{done.stderr.strip()}")


if __name__ == "__main__":
    sys.exit(main())

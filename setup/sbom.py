"""The list of components (SBOM): CycloneDX 1.6 as JSON, from the lock files.

    python setup/sbom.py [FILE]        to the file, or to the standard output

Every Python distribution and every front-end package that is locked stands in it with version,
license and hashes; those that only the tests need have the scope "excluded". The hashes of a Python
distribution are those of every file that the lock file accepts. Licenses come from what is installed.
The same lock files give the same list to the byte: there is no time in it. Standard library only.
"""

import base64
import hashlib
import json
import re
import sys
import tomllib
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any

from locked import DEV_LOCK, NODE_LOCK, PROJECT, RUNTIME_LOCK

Component = dict[str, Any]
PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+) \\$")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
PARTS = "node_modules/"
SPDX = {
    "MIT": "MIT", "MIT License": "MIT", "Apache-2.0": "Apache-2.0", "Apache 2.0": "Apache-2.0",
    "Apache 2": "Apache-2.0", "Apache-2.0 license": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD-3-Clause": "BSD-3-Clause", "BSD 2-Clause License": "BSD-2-Clause", "MPL-2.0": "MPL-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0", "PSF-2.0": "PSF-2.0", "ISC": "ISC",
}  # fmt: skip


def main(arguments: list[str]) -> int:
    """Write the list."""
    text = json.dumps(bill(), indent=1, ensure_ascii=False) + "\n"
    if arguments:
        Path(arguments[0]).parent.mkdir(parents=True, exist_ok=True)
        Path(arguments[0]).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


def bill(project: Path = PROJECT) -> dict[str, Any]:
    """Return the list of components of the lock files."""
    described = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locks = [(project / name).read_bytes() for name in (RUNTIME_LOCK, DEV_LOCK, NODE_LOCK)]
    components = [*python_components(project), *front_end_components(project)]
    product = f"pkg:generic/onelot@{described['version']}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(hashlib.sha256(b''.join(locks)).hexdigest()[:32])}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": product,
                "name": "onelot",
                "version": described["version"],
                "description": described["description"],
                "licenses": [{"license": {"id": described["license"]["text"]}}],
            }
        },
        "components": sorted(components, key=lambda one: str(one["bom-ref"])),
        "dependencies": [
            {
                "ref": product,
                "dependsOn": sorted(
                    str(one["bom-ref"]) for one in components if one["scope"] == "required"
                ),
            }
        ],
    }


def pins(lock: Path) -> dict[str, tuple[str, list[str]]]:
    """Return version and hashes of every package of a Python lock file."""
    found: dict[str, tuple[str, list[str]]] = {}
    name = ""
    for line in lock.read_text(encoding="utf-8").splitlines():
        pinned = PINNED.match(line)
        if pinned:
            name = plain(pinned[1])
            found[name] = (pinned[2], [])
        elif name:
            found[name][1].extend(HASH.findall(line))
    return found


def plain(name: str) -> str:
    """Return the name of a package as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def python_components(project: Path) -> list[Component]:
    """Return the Python distributions; those that only the tests need are excluded at run time."""
    runtime = pins(project / RUNTIME_LOCK)
    installed = {plain(one.metadata["Name"]): one for one in metadata.distributions()}
    return [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{version}",
            "name": name,
            "version": version,
            "scope": "required" if name in runtime else "excluded",
            "licenses": licenses_of(installed.get(name)),
            "hashes": [{"alg": "SHA-256", "content": one} for one in hashes],
            "purl": f"pkg:pypi/{name}@{version}",
        }
        for name, (version, hashes) in {**pins(project / DEV_LOCK), **runtime}.items()
    ]


def licenses_of(installed: "metadata.Distribution | None") -> list[dict[str, Any]]:
    """Return the license of a distribution: an SPDX expression where it has one, else its words."""
    told = installed.metadata if installed is not None else {}
    expression = told.get("License-Expression")
    if expression:
        return [{"expression": expression}]
    words = (told.get("License") or "").strip()
    if not words or len(words) > 60:
        classifiers = told.get_all("Classifier") or [] if installed is not None else []
        named = [
            one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License :: OSI")
        ]
        words = " or ".join(named) or words.partition("\n")[0][:60] or "not stated"
    known = SPDX.get(words)
    return [{"license": {"id": known} if known else {"name": words}}]


def front_end_components(project: Path) -> list[Component]:
    """Return the front-end packages."""
    packages = json.loads((project / NODE_LOCK).read_text(encoding="utf-8"))["packages"]
    found = []
    for path, told in packages.items():
        if not path:
            continue
        name = path.rpartition(PARTS)[2]
        algorithm, _, content = told["integrity"].partition("-")
        reference = f"pkg:npm/{name.replace('@', '%40')}@{told['version']}"
        group, _, short = name.rpartition("/")
        words = told.get("license", "not stated")
        found.append(
            {
                "type": "library",
                "bom-ref": reference,
                **({"group": group} if group else {}),
                "name": short,
                "version": told["version"],
                "scope": "excluded" if told.get("dev") else "required",
                "licenses": [
                    {"license": {"id": SPDX[words]} if words in SPDX else {"name": words}}
                ],
                "hashes": [
                    {"alg": f"SHA-{algorithm[3:]}", "content": base64.b64decode(content).hex()}
                ],
                "purl": reference,
            }
        )
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

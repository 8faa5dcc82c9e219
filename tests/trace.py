"""The validation pack: requirement → test → result; ``python -m tests.trace``.

    python -m tests.trace --results test-results    take the results of a finished run (seconds)
    python -m tests.trace [pytest arguments]        run the tests first; without arguments, all

Written are a folder and a zip under --out (var/validation). Exit code 1 when a requirement is not
proved as the table says, a test failed, or a result is of another build.
"""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path

import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from tests.validation.pack import basis_of, document_of, files_of, written
from tests.validation.results import files_in, read_run
from tests.validation.tracing import ROOT


def main(arguments: list[str]) -> int:
    """Make the pack and tell what it came to."""
    parser = ArgumentParser(prog="python -m tests.trace", description="Make the validation pack.")
    parser.add_argument("--results", type=Path, action="append", metavar="FILE_OR_FOLDER")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "validation")
    parser.add_argument("--by", default="", help="who makes the pack")
    asked, more = parser.parse_known_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        places = asked.results
        if places is None:
            record = Path(folder) / "results.xml"
            pytest.main(["-q", "-p", "no:randomly", f"--junitxml={record}", *more])
            places = [record]
        elif more:
            parser.error(f"with --results nothing is run: {' '.join(more)}")
        try:
            runs = [read_run(file) for file in files_in(places)]
        except ValueError as refusal:
            sys.stderr.write(f"{refusal}\n")
            return 1
        document = document_of(basis_of(runs), at=datetime.now(UTC), by=asked.by)
        name = f"onelot-{document['version']}-{document['build'][:12]}"
        packed = written(files_of(document, runs), asked.out / name)
    for issue in document["issues"]:
        print(issue)
    told = ", ".join(
        f"{count} {word}" for word, count in document["counts"]["requirements"].items()
    )
    print(f"{'PASSED' if document['passed'] else 'NOT passed'}: {told}; {packed}")
    return 0 if document["passed"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Known weaknesses: named where a service answers; where none does, nobody is kept from building."""

from __future__ import annotations

from pathlib import Path

import advisories
import pytest

pytestmark = pytest.mark.requirement("SEC-30")

ONE = """sqlparse==0.6.1 \\
    --hash=sha256:3be5a72d04c873d690d7c6dedd33d6fae2ef82759881ceec02fc2efd0cba564f
"""


def test_where_no_service_answers_it_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(ONE)
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert advisories.main([str(lock)]) == 0
    assert "No advisory service answers, so nothing was asked" in capsys.readouterr().out


def test_a_known_weakness_is_named_and_what_the_service_does_not_know_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = [
        {"name": "one", "version": "1.0", "vulns": [{"id": "X-2026-1", "fix_versions": ["1.1"]}]},
        {"name": "two", "version": "2.0", "vulns": [{"id": "X-2026-2"}]},
        {"name": "three", "skip_reason": "not found"},
        {"name": "four", "version": "4.0", "vulns": []},
    ]
    assert advisories.told(asked) == 1
    assert capsys.readouterr().out.splitlines() == [
        "one 1.0: X-2026-1, repaired in 1.1",
        "two 2.0: X-2026-2, repaired in no version yet",
        "Not known to the service: three",
        "3 of 4 components judged, 2 known weaknesses.",
    ]
    assert advisories.told(asked[3:]) == 0

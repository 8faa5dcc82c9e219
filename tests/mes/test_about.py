"""About: the page says which build runs, and the build is what the files say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mes import build
from tests.worlds.audit import person, site
from tests.worlds.orders import browser_of

pytestmark = pytest.mark.requirement("P11-13")
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db
def test_everybody_with_a_role_sees_which_build_runs() -> None:
    for role in ("operator", "qa", "admin"):
        page = browser_of(person(f"r-{role}", role, at_site=site())).get("/about/").content.decode()
        for told in (
            build.product_version(),
            build.digest_of_files(ROOT),
            build.schema_version(),
            build.configuration_digest(),
            "Certification of electronic signatures",
        ):
            assert told in page
        assert ('href="/set-up/"' in page) == (role != "operator")


def test_one_letter_in_any_kind_of_file_makes_another_build(tmp_path: Path) -> None:
    for name in ("kernel", "templates", "manage.py", "requirements.txt"):
        copied = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copied(ROOT / name, tmp_path / name)
    first = build.digest_of_files(tmp_path)
    assert first == build.digest_of_files(tmp_path)
    for name in ("kernel/canonical.py", "templates/base.html", "requirements.txt"):
        whole = (tmp_path / name).read_text()
        (tmp_path / name).write_text(whole.replace("a", "b", 1))
        assert build.digest_of_files(tmp_path) != first, name
        (tmp_path / name).write_text(whole)
    (tmp_path / "kernel" / "__pycache__").mkdir(exist_ok=True)
    (tmp_path / "kernel" / "__pycache__" / "made.txt").write_text("made while running")
    (tmp_path / "kernel" / "made.pyc").write_text("made while running")
    assert build.digest_of_files(tmp_path) == first
    (tmp_path / "kernel" / "states.py").rename(tmp_path / "kernel" / "stated.py")
    assert build.digest_of_files(tmp_path) != first


def test_a_setting_changes_the_digest_and_no_secret_stands_in_it(settings: Any) -> None:
    first = build.configuration_digest()
    assert first == build.configuration_digest()
    settings.AXES_FAILURE_LIMIT = 50
    assert build.configuration_digest() != first
    told = json.dumps(build.configuration())
    assert settings.SECRET_KEY not in told
    database = {"default": {"NAME": "onelot", "PASSWORD": "another-password"}}
    assert build.told_plainly("DATABASES", database)["default"] == {
        "NAME": "onelot",
        "PASSWORD": "(secret)",
    }
    settings.CELERY_BROKER_URL = "redis://:a-password@courier:6379/0"
    told = json.dumps(build.configuration())
    assert "redis://courier:6379/0" in told
    assert "a-password" not in told

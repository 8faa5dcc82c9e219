"""The list of components: complete, and as its standard says."""

from __future__ import annotations

import json
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import jsonschema
import locked
import pytest
import sbom
from referencing import Registry, Resource

pytestmark = pytest.mark.requirement("A11-02", "SEC-30")


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    return sbom.bill()


def test_every_installed_distribution_is_listed_in_its_version(bill: dict[str, Any]) -> None:
    listed = {one["purl"] for one in bill["components"]}
    installed = {
        f"pkg:pypi/{sbom.plain(one.metadata['Name'])}@{one.version}"
        for one in metadata.distributions()
    }
    # What makes the virtual environment comes with Python itself.
    own = {one for one in installed if one.startswith(("pkg:pypi/pip@", "pkg:pypi/setuptools@"))}
    assert installed - own <= listed
    assert len(installed) > 100


def test_every_front_end_package_is_listed(bill: dict[str, Any]) -> None:
    packages = json.loads((locked.PROJECT / locked.NODE_LOCK).read_text())["packages"]
    wanted = {
        (path.rpartition("node_modules/")[2], one["version"])
        for path, one in packages.items()
        if path
    }
    listed = {
        ("/".join(filter(None, (one.get("group"), one["name"]))), one["version"])
        for one in bill["components"]
        if one["purl"].startswith("pkg:npm/")
    }
    assert listed == wanted


def test_each_component_has_version_license_and_hashes(bill: dict[str, Any]) -> None:
    for one in bill["components"]:
        assert one["version"], one["name"]
        assert one["licenses"], one["name"]
        assert one["hashes"], one["name"]
        for digest in one["hashes"]:
            assert len(digest["content"]) == {"SHA-256": 64, "SHA-512": 128}[digest["alg"]]
    unnamed = [
        one["name"]
        for one in bill["components"]
        if one["licenses"] == [{"license": {"name": "not stated"}}]
    ]
    required = {one["name"] for one in bill["components"] if one["scope"] == "required"}
    assert not required.intersection(unnamed)


def test_what_only_the_tests_need_is_told_from_what_runs(bill: dict[str, Any]) -> None:
    scopes = {one["name"]: one["scope"] for one in bill["components"]}
    assert (scopes["django"], scopes["core"]) == ("required", "required")
    assert (scopes["pytest"], scopes["pip-audit"]) == ("excluded", "excluded")
    assert bill["dependencies"][0]["dependsOn"] == sorted(
        one["bom-ref"] for one in bill["components"] if one["scope"] == "required"
    )


def test_it_is_cyclonedx(bill: dict[str, Any]) -> None:
    folder = resources.files("cyclonedx.schema._res")
    schemas = {
        name: json.loads(folder.joinpath(f"{name}.SNAPSHOT.schema.json").read_text())
        for name in ("bom-1.6", "spdx", "jsf-0.82", "cryptography-defs")
    }
    known = Registry().with_resources(
        (f"{place}{name}.SNAPSHOT.schema.json", Resource.from_contents(one))
        for name, one in schemas.items()
        for place in ("", "http://cyclonedx.org/schema/")
    )
    judge = jsonschema.Draft7Validator(schemas["bom-1.6"], registry=known)
    assert [error.message[:200] for error in judge.iter_errors(bill)] == []
    assert list(judge.iter_errors({**bill, "specVersion": 1.6, "components": [{}]})) != []


def test_the_same_lock_files_give_the_same_list(bill: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "deep" / "sbom.json"
    assert sbom.main([str(path)]) == 0
    assert json.loads(path.read_text()) == bill == sbom.bill()

"""Schemathesis over the whole interface: no answer 5xx, and every answer as the schema says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from tests.worlds.audit import client_token, site
from tests.worlds.batches import completed_batch

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.timeout(400),
    # werkzeug's client and schemathesis warn of what is theirs.
    pytest.mark.filterwarnings("default"),
]
EXAMPLES = 25
EXCLUDED = [ignored_auth, positive_data_acceptance]


@pytest.fixture
def kept_connection() -> Iterator[None]:
    """Requests leave the connection alone, which holds the transaction of the test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.requirement("A11-05", "SEC-28")
@pytest.mark.usefixtures("kept_connection")
def test_no_answer_is_a_fault_of_ours_and_all_are_as_the_schema_says() -> None:
    completed_batch()
    asked = {"Authorization": f"Bearer {client_token(site('NORTH'))[1]}"}
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", get_wsgi_application())
    names = []
    for found in schema.get_all_operations():
        operation = found.ok()
        names.append(operation.label)
        _ask(operation, asked)
    assert len(names) == 16, names


def _ask(operation: Any, asked: dict[str, str]) -> None:
    @seed(20261123)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        answer = case.call(headers=asked)
        assert answer.status_code < 500, f"{operation.label}: {answer.text[:500]}"
        if answer.status_code >= 400:
            kinds = answer.headers.get("content-type", [""])
            assert kinds[0].startswith("application/problem+json"), (operation.label, kinds)
        # The token goes along with every request here, strangers have tests of their own; and a
        # schema cannot say that a cursor was made here, or that a window follows a collection.
        case.validate_response(answer, excluded_checks=EXCLUDED)

    ask()

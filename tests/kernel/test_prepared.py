"""Prepared queries answer what their query set answers, in every session of the database."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import close_old_connections, connection
from django.db.models import QuerySet
from django.db.transaction import TransactionManagementError, atomic
from django.test.utils import CaptureQueriesContext

from audit.models import Site, User
from kernel.prepared import prepared, statement
from tests.worlds.audit import person, site


@prepared
def _sites(code: str, least: int) -> QuerySet[Site]:
    return Site.objects.filter(code=code, pk__gte=least).order_by("pk")


@prepared
def _names(code: str) -> QuerySet[Site, tuple[str, str]]:
    return Site.objects.filter(code=code).values_list("name", "kind")


@prepared
def _locked(code: str) -> QuerySet[Site]:
    return Site.objects.filter(code=code).select_for_update()


@prepared
def _everyone() -> QuerySet[User]:
    return User.objects.order_by("username")


@pytest.mark.django_db
def test_it_answers_what_its_query_set_answers() -> None:
    north, _south = site("NORTH"), site("SOUTH")
    assert _sites("NORTH", 0) == [north]
    assert _sites("NORTH", north.pk + 1) == []
    assert _sites(least=0, code="SOUTH")[0].name == "South"
    assert _sites("'; DROP TABLE audit_site; --%s", 0) == []
    assert _names("SOUTH") == [("South", "hospital")]
    person("ada")
    assert [one.username for one in _everyone()] == ["ada", "system"]


@pytest.mark.django_db
def test_it_is_parsed_once() -> None:
    site("NORTH")
    _names("NORTH")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        _names("NORTH")
        _names("SOUTH")
    assert [one["sql"].split(" ")[0] for one in asked] == ["EXECUTE", "EXECUTE"]


@pytest.mark.django_db(transaction=True)
def test_a_new_session_of_the_database_learns_it_anew() -> None:
    site("NORTH")
    assert len(_names("NORTH")) == 1
    connection.close()
    assert len(_names("NORTH")) == 1
    found: list[int] = []

    def elsewhere() -> None:
        found.append(len(_names("NORTH")))
        close_old_connections()
        connection.close()

    thread = Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [1]


@pytest.mark.django_db(transaction=True)
def test_a_lock_is_taken_inside_a_transaction_only() -> None:
    site("NORTH")
    with atomic():
        assert len(_locked("NORTH")) == 1
    with pytest.raises(TransactionManagementError):
        _locked("NORTH")


@pytest.mark.django_db
def test_an_argument_must_stand_in_the_query() -> None:
    @prepared
    def forgetful(code: str, kind: str) -> QuerySet[Site]:
        return Site.objects.filter(code=code)

    with pytest.raises(TypeError, match="argument 2 stands nowhere"):
        forgetful("NORTH", "plant")
    with pytest.raises(TypeError, match="are int or str"):

        @prepared
        def by_float(width: float) -> QuerySet[Site]:
            return Site.objects.filter(pk=width)


@pytest.mark.django_db
def test_it_makes_records_and_tuples_and_nothing_else() -> None:
    @prepared
    def flat(code: str) -> QuerySet[Site, str]:
        return Site.objects.filter(code=code).values_list("name", flat=True)

    with pytest.raises(TypeError, match="FlatValuesListIterable"):
        flat("NORTH")


@pytest.mark.django_db(transaction=True)
def test_a_statement_is_parsed_once_in_each_session() -> None:
    site("NORTH")
    asked = "UPDATE audit_site SET name = name WHERE code = %s RETURNING name"

    def told() -> list[str]:
        with CaptureQueriesContext(connection) as sent, statement(asked, ["NORTH"]) as cursor:
            assert (cursor.fetchone(), cursor.rowcount) == (("North",), 1)
        return [one["sql"].split(" ")[0] for one in sent]

    with atomic():
        first, again = told(), told()
    connection.close()
    with atomic():
        anew = told()
    assert (first, again, anew) == (["PREPARE", "EXECUTE"], ["EXECUTE"], ["PREPARE", "EXECUTE"])
    with atomic(), statement(asked, ["'; DROP TABLE audit_site; --%s"]) as cursor:
        assert cursor.rowcount == 0

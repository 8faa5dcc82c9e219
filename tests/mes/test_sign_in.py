"""Session and person of a request: Django's own meaning, read by prepared queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.utils import timezone

from mes.sign_in import People, SessionStore
from tests.worlds.audit import person

pytestmark = pytest.mark.django_db


def _kept() -> SessionStore:
    store = SessionStore()
    store["step"] = "S01"
    store.save()
    return store


def test_a_session_is_kept_and_read_again() -> None:
    store = _kept()
    again = SessionStore(store.session_key)
    assert again["step"] == "S01"
    again["step"] = "S02"
    again.save()
    assert SessionStore(store.session_key)["step"] == "S02"


@pytest.mark.requirement("SEC-21")
def test_a_session_that_ended_is_not_brought_back() -> None:
    store = _kept()
    assert store["step"] == "S01"
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        store.save()
    assert not Session.objects.exists()


@pytest.mark.requirement("SEC-21")
def test_a_session_that_is_over_holds_nothing() -> None:
    store = _kept()
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    again = SessionStore(store.session_key)
    assert again.get("step") is None
    assert again.session_key is None


@pytest.mark.parametrize("key", ["nobody", "a\x00b", "' OR 1=1 --"])
def test_a_key_of_nobody_opens_nothing(key: str) -> None:
    assert SessionStore(key).get("step") is None


def test_the_person_of_a_session() -> None:
    ada = person("ada")
    assert People().get_user(ada.pk) == ada
    assert People().get_user(ada.pk + 1000) is None

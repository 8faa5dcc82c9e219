"""Every model is a record under the ledger, or stands here with the reason why it is not."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection

from audit.models import Recorded

NOT_RECORDED = {
    "audit.LedgerEntry": "the ledger itself: chained by its trigger, append-only",
    "audit.Checkpoint": "a copy of the signed line outside the database; append-only",
    "audit.FeedEvent": "an echo of what the ledger holds, for readers of the feed; append-only",
    "audit.OutboxMessage": "work still to be done: what it does is recorded when it is done",
    "audit.Job": "progress of long work; who asked for it is in the ledger",
    "audit.RememberedAnswer": "the answer to a repeated request; what it made is recorded",
    "audit.Remembered": "spent codes and counters of attempts, for minutes; the cache",
    "audit.SigningChallenge": "which dialog stands on which screen; its signature is the record",
    "audit.AccessEvent": "attempts to sign in, of nobody known yet; append-only, changes no record",
    "audit.SavedSearch": "a filter that a person keeps for themselves; changes nothing",
    "monitoring.SensorCondition": "how a sensor stands now, computed anew from its readings",
    "auth.Permission": "Django's; the product asks roles, which are recorded, and never this",
    "auth.Group": "Django's, as above",
    "auth.Group_permissions": "Django's, as above",
    "contenttypes.ContentType": "Django's list of models; the application may only read it",
    "sessions.Session": "who is signed in now; what they do is recorded",
    "mfa.Authenticator": "second factors: the ledger is told of each one added or removed",
    "socialaccount.SocialAccount": "who is whom at the site's provider: the ledger is told of each",
    "socialaccount.SocialApp": "unused: the one provider is a setting",
    "socialaccount.SocialToken": "unused: no token is kept",
    "account.EmailAddress": "unused: nobody has an address here",
    "account.EmailConfirmation": "unused, as above",
    "axes.AccessAttempt": "failed sign-ins, counted for the lock",
    "axes.AccessAttemptExpiration": "as above",
    "axes.AccessFailureLog": "failed sign-ins",
    "axes.AccessLog": "sign-ins and sign-outs",
}


def is_recorded(model: type) -> bool:
    """Say whether a model is a record, or the history of one."""
    return issubclass(model, Recorded) or issubclass(getattr(model, "instance_type", int), Recorded)


@pytest.mark.requirement("P11-06", "DI-01")
def test_every_model_is_a_record_or_has_a_reason_not_to_be() -> None:
    others = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if not is_recorded(model)
    }
    assert others == set(NOT_RECORDED)


@pytest.mark.requirement("P11-06", "DI-01")
@pytest.mark.django_db
def test_the_commit_asks_for_the_entry_of_every_record() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid"
            " WHERE tgname = 'recorded' AND tgdeferrable AND tginitdeferred AND tgenabled = 'O'"
        )
        guarded = {table for (table,) in cursor.fetchall()}
    recorded = {model._meta.db_table for model in apps.get_models() if is_recorded(model)}
    assert recorded == guarded

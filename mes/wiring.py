"""The readers table: which event is told to whom, in order. The only place that knows."""

from audit.commands import Handler, Work, set_handlers, set_works, write_to_feed
from audit.passkeys import set_passkeys
from audit.queries import Standings, set_procedures, set_standings, set_vocabulary
from audit.verification import set_checks
from kernel.events import Readers, set_readers


def readers() -> Readers:
    """Return the table of readers."""
    from batches.commands import hold_batches_of
    from batches.events import (
        BatchAborted,
        BatchRejected,
        BatchReleased,
        BatchResumed,
        BatchStarted,
        ExceptionRaised,
        ExecutionCompleted,
    )
    from mes.sealing import seal_decided
    from monitoring.commands import check_window, close_window, open_window
    from monitoring.events import LimitExceeded
    from quality.commands import record_custody_break, record_exception, record_excursion
    from supply.events import CustodyBroken

    return {
        CustodyBroken: [hold_batches_of, record_custody_break],
        BatchStarted: [open_window],
        BatchResumed: [check_window],
        ExecutionCompleted: [close_window],
        BatchAborted: [close_window],
        BatchReleased: [seal_decided],
        BatchRejected: [seal_decided],
        ExceptionRaised: [record_exception],
        LimitExceeded: [record_excursion],
    }


def handlers() -> dict[str, Handler]:
    """Return who handles which message of the outbox."""
    from audit.commands.lockout import ACCOUNT_LOCKED, tell_security
    from audit.commands.passwords import SEND_LINK, send_link
    from audit.commands.witnessing import TELL_WITNESS, tell_witness
    from mes.sealing import CHECKPOINT, checkpoint_now
    from monitoring.handlers import HANDLERS

    return {
        **HANDLERS,
        ACCOUNT_LOCKED: tell_security,
        CHECKPOINT: checkpoint_now,
        SEND_LINK: send_link,
        TELL_WITNESS: tell_witness,
    }


def works() -> dict[str, Work]:
    """Return what each kind of job does."""
    from mes.verifying import VERIFY_LEDGER, verify_ledger

    return {VERIFY_LEDGER: verify_ledger}


def standings() -> dict[str, Standings]:
    """Return who knows how which kind of signed record stands today."""
    from batches.queries import (
        standing_of_amendments,
        standing_of_batches,
        standing_of_changeovers,
        standing_of_copies,
        standing_of_plans,
        standing_of_rehearsals,
        standing_of_steps,
    )
    from quality.queries import (
        standing_of_deviations,
        standing_of_dispositions,
        standing_of_reviews,
    )
    from recipes.queries import standing_of_versions

    return {
        "batches.Amendment": standing_of_amendments,
        "batches.Batch": standing_of_batches,
        "batches.Changeover": standing_of_changeovers,
        "batches.ChangeoverPlan": standing_of_plans,
        "batches.CertifiedCopy": standing_of_copies,
        "batches.Rehearsal": standing_of_rehearsals,
        "batches.Step": standing_of_steps,
        "quality.Deviation": standing_of_deviations,
        "quality.Disposition": standing_of_dispositions,
        "quality.Review": standing_of_reviews,
        "recipes.RecipeVersion": standing_of_versions,
    }


def connect() -> None:
    """Install the table, and plug in what the floors below may not ask for themselves."""
    from batches.ports import (
        set_label_drawer,
        set_record_reader,
        set_room_reader,
        set_sensor_reader,
    )
    from batches.reports.labels import labels_pdf
    from mes.accounts.signing_keys import SigningKeys
    from mes.proofs import check_files, check_readings, check_records
    from mes.record import original_record
    from mes.rooms import sensors_in_room, value_in_room
    from mes.vocabulary import words
    from recipes.queries import procedures

    set_passkeys(SigningKeys())
    set_standings(standings())
    set_readers(readers(), first=(write_to_feed,))
    set_sensor_reader(value_in_room)
    set_room_reader(sensors_in_room)
    set_label_drawer(labels_pdf)
    set_record_reader(original_record)
    set_checks(check_records, check_readings, check_files)
    set_handlers(handlers())
    set_works(works())
    set_vocabulary(words())
    set_procedures(procedures)

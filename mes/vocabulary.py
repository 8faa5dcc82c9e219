"""The words of the ledger: what each verb and each kind of record is called, and whose streams they are.

The ground floor shows the ledger of all floors and may know none of them; ``mes.wiring`` hands it
this table. A verb or a kind without a word here fails a test.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from audit.queries import Name, Vocabulary
from batches.models import Batch, Order
from mes.record import SEAL
from monitoring.models import Sensor
from supply.models import MaterialLot

OF_BATCH = "batch__number"
NAMES: dict[str, Name] = {
    "audit.Acceptance": Name(
        text="Statement of accountability, version {0}, of {1}",
        fields=("version", "person__full_name"),
    ),
    "audit.Activation": Name(
        text="Identity of {0}, verified by {1}", fields=("person__full_name", "verifier_name")
    ),
    "audit.ApiToken": Name(text="Token {0}… of {1}", fields=("prefix", "user__username")),
    "audit.PasswordLink": Name(text="One-time link of {0}", fields=("person__full_name",)),
    "audit.HouseSetting": Name(text="Setting {0}", fields=("name",), found_by="name"),
    "audit.RoleGrant": Name(
        text="Role {0} of {1}", fields=("role", "user__full_name"), short="{0} of {1}"
    ),
    "audit.AccessReview": Name(text="Access review {0}", fields=("reviewed_at",)),
    "audit.RoleRequest": Name(
        text="Request of role {0} for {1}", fields=("role", "user__full_name"), short="{0} for {1}"
    ),
    "audit.Training": Name(
        text="Training of {0} on {1}, version {2}",
        fields=("user__full_name", "procedure", "version"),
    ),
    "audit.Signature": Name(text="Signature of {0}, {1}", fields=("signer_name", "meaning")),
    "audit.Site": Name(text="Site {0}", fields=("code",), short="{0}", found_by="code"),
    "audit.User": Name(
        text="Account {0}", fields=("username", "full_name"), short="{1}", found_by="username"
    ),
    "batches.Changeover": Name(text="Changeover of {0}", fields=("room__code",)),
    "batches.ChangeoverPlan": Name(
        text="Changeover plan {0} of {1}", fields=("number", "room__code")
    ),
    "batches.StageYield": Name(text="Yield of {0}", fields=(OF_BATCH,)),
    "batches.Weighing": Name(text="Container {0} of {1}", fields=("number", OF_BATCH)),
    "batches.Attachment": Name(text="File {0} of {1}", fields=("name", OF_BATCH)),
    "batches.Amendment": Name(
        text="Amendment A{0} of {1}",
        fields=("number", OF_BATCH),
        short="A{0}",
        href="/batches/{1}/amendments/",
    ),
    "batches.AmendmentDecision": Name(
        text="Decision on amendment A{0} of {1}",
        fields=("amendment__number", OF_BATCH),
        href="/batches/{1}/amendments/",
    ),
    "batches.Batch": Name(
        text="Batch {0}", fields=("number",), href="/batches/{0}/", found_by="number"
    ),
    "batches.Branch": Name(text="Branch {0} of {1}", fields=("code", OF_BATCH)),
    "batches.CertifiedCopy": Name(
        text="Certified copy C{0} of {1}",
        fields=("number", OF_BATCH),
        short="C{0}",
        href="/batches/{1}/files/",
    ),
    "batches.Hold": Name(text="Hold of {0}", fields=(OF_BATCH,), href="/batches/{0}/"),
    "batches.LabelReplacement": Name(
        text="Label {0} replaced by {1}, {2}",
        fields=("void_serial", "new_serial", OF_BATCH),
        href="/batches/{2}/",
    ),
    "batches.Order": Name(
        text="Order {0}", fields=("number",), href="/orders/{0}/", found_by="number"
    ),
    "batches.Rehearsal": Name(
        text="Rehearsal R-{0} of {1}",
        fields=("id", "person__full_name"),
        href="/rehearsals/{0}/",
    ),
    "batches.Step": Name(
        text="Step {0} of {1}", fields=("code", OF_BATCH), href="/batches/{1}/steps/{0}/"
    ),
    "batches.StepValue": Name(
        text="Value of step {0}, {1}",
        fields=("step__code", OF_BATCH),
        href="/batches/{1}/steps/{0}/",
        unit="unit",
        measured=("value",),
    ),
    "monitoring.Alarm": Name(
        text="Alarm of {0}",
        fields=("sensor__code",),
        href="/sensors/{0}/",
        unit="sensor__unit",
        measured=("limit", "extreme"),
    ),
    "monitoring.Sensor": Name(
        text="Sensor {0}",
        fields=("code",),
        short="{0}",
        href="/sensors/{0}/",
        found_by="code",
        unit="unit",
        measured=("critical_low", "warn_low", "warn_high", "critical_high", "hysteresis"),
    ),
    "monitoring.SimulatedFault": Name(
        text="Simulated fault of {0}", fields=("sensor__code",), href="/sensors/{0}/"
    ),
    "monitoring.Watch": Name(
        text="Watch of {0} over {1}", fields=("sensor__code", OF_BATCH), href="/batches/{1}/"
    ),
    "quality.BatchException": Name(
        text="Exception ({0}) of {1}", fields=("kind", OF_BATCH), href="/batches/{1}/review/"
    ),
    "quality.Deviation": Name(
        text="Deviation {0}", fields=("number",), href="/deviations/{0}/", found_by="number"
    ),
    "quality.Disposition": Name(
        text="Disposition of {0}", fields=(OF_BATCH,), href="/batches/{0}/release/"
    ),
    "quality.Review": Name(
        text="Review ({0}) of {1}", fields=("kind", OF_BATCH), href="/batches/{1}/review/"
    ),
    "recipes.Recipe": Name(text="Recipe {0}", fields=("code",), found_by="code"),
    "recipes.RecipeComment": Name(
        text="Comment on recipe {0}, version {1}",
        fields=("recipe__code", "version__number"),
        href="/recipes/{0}/{1}/compare/",
    ),
    "recipes.RecipeVersion": Name(
        text="Recipe {0}, version {1}",
        fields=("recipe__code", "number"),
        href="/recipes/{0}/{1}/",
    ),
    "recipes.Therapy": Name(text="Therapy {0}", fields=("code",), short="{0}", found_by="code"),
    "supply.Calibration": Name(text="Calibration {0}", fields=("certificate",)),
    "supply.ChainOfIdentity": Name(
        text="Chain of identity {0}", fields=("value",), short="{0}", found_by="value"
    ),
    "supply.Collection": Name(text="Collection {0}", fields=("donation_number",)),
    "supply.Container": Name(text="Bag {0}", fields=("code",), short="{0}", found_by="code"),
    "supply.CustodyEvent": Name(text="Custody of {0}, {1}", fields=("scanned", "kind")),
    "supply.EquipmentClass": Name(
        text="Class of equipment {0}", fields=("code",), short="{0}", found_by="code"
    ),
    "supply.EquipmentUse": Name(text="Unit held by {0}", fields=("batch",), short="{0}"),
    "supply.Equipment": Name(text="Equipment {0}", fields=("code",), short="{0}", found_by="code"),
    "supply.LogbookEntry": Name(text="Logbook of {0}", fields=("equipment__code",)),
    "supply.Material": Name(text="Material {0}", fields=("code",), short="{0}", found_by="code"),
    "supply.MaterialLot": Name(
        text="Lot {0} of {1}",
        fields=("number", "material__code"),
        found_by="number",
        unit="material__unit",
        measured=("on_hand",),
    ),
    "supply.Patient": Name(text="Patient {0}", fields=("code",), short="{0}", found_by="code"),
    "supply.PatientIdentifier": Name(text="Identifier of {0}", fields=("patient__code",)),
    "supply.Reservation": Name(text="Reservation for {0}", fields=("batch",)),
    "supply.ScaleCheck": Name(text="Check of scale {0}", fields=("equipment__code",)),
    "supply.VaultEntry": Name(text="Identity of {0} in the vault", fields=("patient__code",)),
}

VERBS: dict[str, str] = {
    "hold_unit": "Took a unit",
    "free_unit": "Freed a unit",
    "begin_cleaning": "Began cleaning",
    "abort": "Aborted",
    "accept": "Accepted",
    "accept_accountability": "Accepted the statement of accountability",
    "activate": "Activated the account",
    "acknowledge": "Acknowledged",
    "add": "Added",
    "add_factor": "Added a second factor",
    "amend": "Amended",
    "attach": "Kept a file",
    "weigh": "Weighed",
    "weigh_empty": "Weighed an empty container",
    "discard": "Gave up",
    "compute_yield": "Computed a yield",
    "take_over": "Let people type what an instrument shows",
    "give_back": "Gave a step back to its instrument",
    "write": "Wrote",
    "begin_changeover": "Began a changeover",
    "do_point": "Did a point",
    "connect_scale": "Connected a scale",
    "print_labels": "Printed labels",
    "wait": "Made to wait again",
    "approve": "Approved",
    "ask": "Asked for a role",
    "ask_amendment": "Asked for an amendment",
    "ask_new_password": "Asked for a new password",
    "ask_to_cancel": "Asked to cancel",
    "begin_rehearsal": "Began a rehearsal",
    "block": "Blocked",
    "branch": "Decided an alternative or a loop",
    "assess": "Assessed",
    "cancel": "Canceled",
    "change_limits": "Changed the limits",
    "checked": "Checked the identity",
    "classify": "Classified",
    "clean": "Cleaned",
    "clear": "Came back within limits",
    "close": "Closed",
    "check": "Checked",
    "close_watch": "Ended the watch",
    "collect": "Collected",
    "collected": "Collected",
    "come_to_rest": "Came to rest",
    "comment": "Commented",
    "complete": "Completed",
    "confirm": "Confirmed",
    "consume": "Used up",
    "correct": "Corrected a value",
    "create_token": "Created a token",
    "decline": "Declined",
    "deactivate": "Closed the account",
    "done": "Came to rest",
    "draft": "Drafted",
    "end_link": "Ended a one-time link",
    "end_sessions": "Ended all sessions",
    "enter": "Entered a value",
    "erase": "Destroyed the key of who the patient is",
    "escalate": "Escalated",
    "expire": "Expired",
    "fail": "Failed",
    "free": "Freed",
    "forget": "Forgot an identifier",
    "grant": "Granted a role",
    "hold": "Put on hold",
    "investigate": "Recorded the cause",
    "issue": "Issued",
    "keep": "Kept in the vault",
    "leave": "Left",
    "lift_hold": "Lifted the hold",
    "link_identity": "Connected to the identity provider",
    "lock": "Locked the account",
    "make_effective": "Made effective",
    "manufacture": "Began the making",
    "open": "Opened",
    "open_review": "Took into the quality review",
    "open_watch": "Began the watch",
    "pass": "Passed",
    "pause": "Paused",
    "perform": "Performed",
    "place": "Ordered",
    "place_hold": "Placed a hold",
    "quarantine": "Put into quarantine",
    "plan": "Planned",
    "raise": "Raised an alarm",
    "raise_exception": "Raised an exception",
    "receive": "Received",
    "received": "Received",
    "refuse": "Refused a bag",
    "refused": "Was refused",
    "reject": "Rejected",
    "rehearse": "Rehearsed a step",
    "release": "Released",
    "schedule": "Set a date",
    "reopen": "Opened again",
    "reset": "Began again",
    "restart": "Restarted",
    "resume": "Let go on",
    "resolve": "Settled a comment",
    "return": "Gave back",
    "return_to_service": "Returned to service",
    "remove_factor": "Removed a second factor",
    "retire": "Retired",
    "reveal": "Looked at who the patient is",
    "review_production": "Reviewed for production",
    "review_quality": "Reviewed for quality",
    "review_trail": "Reviewed the audit trail",
    "review_access": "Reviewed who may do what",
    "revise": "Revised",
    "revoke": "Took away",
    SEAL: "Sealed the record",
    "seal_watch": "Sealed the readings",
    "send_link": "Sent a one-time link",
    "set": "Recorded a setting",
    "set_password": "Set the password",
    "settle": "Settled",
    "sign": "Signed",
    "skip": "Skipped",
    "start": "Started",
    "start_fault": "Started a simulated fault",
    "start_phase": "Noted as running",
    "stop": "Stopped",
    "stop_fault": "Stopped a simulated fault",
    "submit": "Submitted",
    "supersede": "Superseded",
    "train": "Was trained",
    "use": "Used",
    "used": "Used",
    "unlock": "Opened the account again",
    "verify": "Verified",
    "withdraw": "Withdrew",
    "calibrate": "Moved the calibration due day",
    "change": "Changed",
    "check_scale": "Checked with its weight",
    "disqualify": "Took the qualification away",
    "log": "Wrote into the logbook",
    "fail_calibration": "Failed its calibration",
    "place_part": "Said what it is part of",
    "reserve": "Reserved",
    "qualify": "Declared qualified",
    "record_calibration": "Recorded a calibration",
    "replace_label": "Replaced a label",
    "certify_copy": "Certified a true copy",
}  # fmt: skip

# Changed after entry, refused, stopped, out of the ordinary, or access given: a reviewer looks.
CRITICAL = (
    "abort", "amend", "ask_new_password", "ask_to_cancel", "block", "cancel", "change_limits", "correct",
    "create_token", "deactivate", "erase", "fail", "grant", "hold", "lift_hold", "link_identity",
    "lock", "place_hold", "raise", "raise_exception", "refuse", "refused", "reject", "reopen",
    "reset", "restart", "resume", "return", "reveal", "set", "set_password", "start_fault", "stop",
    "pause", "unlock", "disqualify", "fail_calibration", "replace_label",
)  # fmt: skip
CRITICAL_OF = (("quality.Deviation", "open"), ("quality.BatchException", "escalate"))


def _in(kind: str, found: QuerySet[Any, Any], field: str) -> QuerySet[Any, Any]:
    """Return the names of streams: the kind, a colon, and the id."""
    name = Concat(Value(f"{kind}:"), Cast(field, TextField()), output_field=TextField())
    return found.order_by().values_list(name, flat=True)


def _orders(sites: Iterable[int]) -> QuerySet[Order]:
    listed = list(sites)
    return Order.objects.filter(Q(site_id__in=listed) | Q(made_at_id__in=listed))


def streams_of(sites: Iterable[int]) -> list[QuerySet[Any, Any]]:
    """Return the streams of what these sites order, make, measure and keep."""
    listed = list(sites)
    return [
        _in("batch", Batch.objects.filter(site_id__in=listed), "pk"),
        _in("coi", _orders(listed), "chain_id"),
        _in("sensor", Sensor.objects.filter(site_id__in=listed), "pk"),
        _in("lot", MaterialLot.objects.filter(site_id__in=listed), "pk"),
    ]


def patient_streams_of(sites: Iterable[int]) -> list[QuerySet[Any, Any]]:
    """Return the streams of the patients whom these sites treat."""
    return [_in("patient", _orders(sites), "patient_id")]


def words() -> Vocabulary:
    """Return the words of the ledger."""
    return Vocabulary(
        names=NAMES,
        verbs=VERBS,
        critical=CRITICAL,
        critical_of=CRITICAL_OF,
        house_kinds=("recipes", "recipe", "settings"),
        site_kinds=("batch", "coi", "sensor", "lot"),
        streams_of=streams_of,
        patient_streams_of=patient_streams_of,
    )

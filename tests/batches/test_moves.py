"""Moves: every (state, verb) that no table has is refused, in code and by the database."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from batches.rules.sequencing import blocking, openable
from batches.states import BATCH, ORDER, STEP
from kernel.errors import IllegalMove
from kernel.states import Moves
from tests.worlds.batches import received_order, running_batch, step_of

TABLES = (ORDER, BATCH, STEP)
ABSENT = [
    (moves, state, verb)
    for moves in TABLES
    for state in sorted(moves.states)
    for verb in sorted(moves.verbs)
    if (state, verb) not in moves.table
]


@pytest.mark.requirement("P11-08")
@pytest.mark.parametrize(
    ("moves", "state", "verb"), ABSENT, ids=[f"{m.name}-{s}-{v}" for m, s, v in ABSENT]
)
def test_a_move_that_no_table_has_is_refused_in_code(moves: Moves, state: str, verb: str) -> None:
    with pytest.raises(IllegalMove):
        moves.after(state, verb)


def paths(moves: Moves) -> dict[str, list[str]]:
    """For each state, a way of legal edges that leads there from the first."""
    found, todo = {moves.initial: [moves.initial]}, [moves.initial]
    while todo:
        here = todo.pop(0)
        for before, after in sorted(moves.edges):
            if before == here and after not in found:
                found[after] = [*found[here], after]
                todo.append(after)
    return found


def refused_edges(table: str, moves: Moves, pk: int, also: str = "") -> int:
    """Try every edge that is not legal by plain SQL; return how many were refused."""
    refused = 0
    for before, way in paths(moves).items():
        for after in sorted(moves.states - {before}):
            if (before, after) in moves.edges:
                continue
            with transaction.atomic(), connection.cursor() as cursor:
                point = transaction.savepoint()
                for state in way:
                    cursor.execute(
                        f"UPDATE {table} SET state = %s {also} WHERE id = %s", [state, pk]
                    )
                with pytest.raises(IntegrityError, match="may not go from"), transaction.atomic():
                    cursor.execute(f"UPDATE {table} SET state = %s WHERE id = %s", [after, pk])
                transaction.savepoint_rollback(point)
                refused += 1
    return refused


def illegal(moves: Moves) -> int:
    return sum(
        (before, after) not in moves.edges
        for before in moves.states
        for after in moves.states
        if before != after
    )


@pytest.mark.requirement("P11-08")
@pytest.mark.django_db
def test_the_database_refuses_every_move_of_an_order_that_no_table_has(superuser: Any) -> None:
    order = received_order()
    with transaction.atomic():
        pk = fresh("batches_order", order.pk, "ordered", superuser)
        assert refused_edges("batches_order", ORDER, pk) == illegal(ORDER)
        # No commit takes a row that nobody recorded.
        transaction.set_rollback(True)


@pytest.mark.requirement("P11-08")
@pytest.mark.django_db
def test_the_database_refuses_every_move_of_a_batch_that_no_table_has(superuser: Any) -> None:
    from tests.worlds.batches import planned_batch

    also = ", issued_at = now(), control_recipe_digest = 'x'"
    assert refused_edges("batches_batch", BATCH, planned_batch().pk, also) == illegal(BATCH)


@pytest.mark.requirement("P11-08")
@pytest.mark.django_db
def test_the_database_refuses_every_move_of_a_step_that_no_table_has() -> None:
    step = step_of(running_batch(), "S05")
    also = (
        ", started_at = now(), completed_at = now(),"
        f" performed_by_id = {step.batch.order.ordered_by_id}"
    )
    assert refused_edges("batches_step", STEP, step.pk, also) == illegal(STEP)


def fresh(table: str, pk: int, state: str, superuser: Any) -> int:
    """A second row in its first state: the first one has gone on already."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} WHERE id = %s", [pk])
        names = [column.name for column in cursor.description or ()]
        row = dict(zip(names, cursor.fetchone(), strict=True))
        cursor.execute("SELECT max(id) FROM supply_chainofidentity")
        chain = cursor.fetchone()[0]
        cursor.execute(
            "INSERT INTO supply_chainofidentity (value, issuer, patient_id, issued_at)"
            " SELECT 'OTHER', issuer, patient_id, issued_at FROM supply_chainofidentity"
            " WHERE id = %s RETURNING id",
            [chain],
        )
        row.update(
            state=state, number="O-X", external_id="X", chain_id=cursor.fetchone()[0],
            administer_from="2029-01-01", administer_to="2029-01-02",
        )  # fmt: skip
        row.pop("id")
        columns, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        cursor.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING id", list(row.values())
        )
        return int(cursor.fetchone()[0])


def test_a_step_is_blocked_by_what_is_not_complete() -> None:
    assert blocking(["S1", "S2"], {"S1"}) == ["S2"]
    assert openable({"S2": ["S1"], "S3": ["S2"], "S4": []}, {"S1"}) == ["S2", "S4"]

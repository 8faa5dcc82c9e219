"""What the demo stands on: sites, people, therapies with approved recipes, stock, rooms, sensors."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from audit.acts import Act
from audit.commands import (
    accept_accountability,
    activate_person,
    add_site,
    add_user,
    create_token,
    grant_role,
    record_training,
)
from audit.edges import system_user
from audit.models import Site, User
from audit.rules.accountability import accountability
from audit.signing import Proof, digest_of
from batches import commands as batches
from batches.queries import plan_statement
from monitoring.commands import add_sensor
from monitoring.rules.limits import LimitSet
from recipes import commands as recipes
from recipes.models import Therapy
from recipes.queries import procedures, version_statement
from recipes.rules.yaml_text import plain_from_yaml
from supply import commands as supply
from supply.models import Equipment
from supply.queries import lot_statement, unit_statement

RECIPES = Path(__file__).resolve().parents[2] / "recipes" / "data"

# user name: (printed name, roles, the site they work at; empty is everywhere)
PEOPLE = {
    "olivia": ("Olivia Bauer", ("operator",), "PLANT"),
    "oscar": ("Oscar Lindt", ("operator",), "PLANT"),
    "vera": ("Vera Novak", ("verifier",), "PLANT"),
    "petra": ("Petra Klein", ("planner",), ""),
    "quinn": ("Quinn Hart", ("qa",), ""),
    "paula": ("Dr. Paula Weiss", ("qp",), ""),
    "erik": ("Erik Sand", ("engineer",), ""),
    "clara": ("Clara Voss", ("engineer",), ""),
    "adam": ("Adam Root", ("admin",), ""),
    "sofia": ("Sofia Marin", ("operator",), "SOUTH"),
    "viktor": ("Viktor Sole", ("verifier",), "SOUTH"),
}
SITES = (
    ("NORTH", "North University Hospital", "hospital"),
    ("SOUTH", "South Clinic, point of care", "point_of_care"),
    ("PLANT", "Cell Therapy Plant", "plant"),
)
THERAPIES = (
    ("CART-19", "Autologous CAR-T cells against CD19", True, "PLANT"),
    ("PGX-ORAL", "Genotype-guided nortriptyline capsules", False, "SOUTH"),
    ("MRNA-NEO", "Individualized mRNA neoantigen vaccine", False, "PLANT"),
)
# Entries of the library of recipes.
LIBRARY = ("LIB-CLEARANCE", "LIB-WEIGHING")
# code, name, unit, on hand, site
STOCK = (
    ("SELECTION-KIT", "Wash and CD4/CD8 selection kit", "1", "40", "PLANT"),
    ("ACTIVATOR", "CD3/CD28 activation reagent", "mL", "120", "PLANT"),
    ("VECTOR", "Lentiviral vector CD19-CAR", "mL", "900", "PLANT"),
    ("MEDIUM", "T cell medium with IL-7 and IL-15", "mL", "150000", "PLANT"),
    ("CRYO-MEDIUM", "Cryoprotectant with 10 % DMSO", "mL", "3000", "PLANT"),
    ("FREEZING-BAG", "Freezing bag of 250 mL", "{bags}", "60", "PLANT"),
    ("NORTRIPTYLINE", "Nortriptyline hydrochloride", "mg", "90000", "SOUTH"),
    ("FILLER", "Mannitol with colloidal silica", "g", "900", "SOUTH"),
    ("CAPSULES", "Hard capsule shells of size 1", "{capsules}", "3000", "SOUTH"),
    ("DNA-TEMPLATE", "Linear DNA template of the patient's neoantigens", "mg", "20", "PLANT"),
    ("NTP-CAP", "Nucleotides with cap analog", "mL", "500", "PLANT"),
    ("T7-MIX", "T7 polymerase with RNase inhibitor", "mL", "100", "PLANT"),
    ("DNASE", "DNase I", "mL", "50", "PLANT"),
    ("CITRATE", "Citrate buffer", "mL", "5000", "PLANT"),
    ("LIPIDS", "Ionizable and helper lipids in ethanol", "mL", "900", "PLANT"),
    ("CELLULOSE", "Cellulose column for double-stranded RNA", "1", "20", "PLANT"),
    ("SUCROSE", "Diluent with sucrose", "mL", "5000", "PLANT"),
    ("VIALS-2ML", "Vials of 2 mL with stoppers", "{vials}", "600", "PLANT"),
)
# What is done in a room between two batches.
CLEARING = (
    "Materials and waste of the batch before are out of the room",
    "Labels and papers of the batch before are out of the room",
    "Surfaces are wiped with disinfectant",
    "Processor, incubator and freezer are cleaned",
    "Status sign of the room says: clear",
)
# In percent of the label claim, where the certificate of a lot says so.
POTENCY = {"NORTRIPTYLINE": Decimal("99.2")}
# room: (name, site, the equipment in it as (code, name, class))
ROOMS = {
    "ROOM-101": ("Clean room 101", "PLANT", 101),
    "ROOM-102": ("Clean room 102", "PLANT", 102),
    "ROOM-103": ("Clean room 103", "PLANT", 103),
    "PHARM-1": ("Compounding room 1", "SOUTH", 1),
}
# Classes that serve several batches at once.
SHARED = ("room", "BALANCE")
PLANT_UNITS = (
    ("PROC", "Cell processor", "CELL-PROCESSOR"),
    ("INC", "CO₂ incubator", "CO2-INCUBATOR"),
    ("CRF", "Controlled-rate freezer", "RATE-FREEZER"),
    ("IVT", "Transcription reactor", "IVT-REACTOR"),
    ("TFF", "Filtration unit", "TFF-UNIT"),
    ("LNP", "Nanoparticle mixer", "LNP-MIXER"),
)
# What is asked of the units of a class: (name, unit, weights, hours).
CLASSES: dict[str, tuple[str, str, dict[str, str], dict[str, int | None]]] = {
    "BALANCE": (
        "Analytical balance",
        "g",
        {
            "range_min": "0", "range_max": "220", "resolution": "0.0001",
            "minimum_weight": "0.02", "check_weight": "100", "check_tolerance": "0.0005",
        },
        {"check_hours": 24, "clean_hold_hours": None},
    ),
    "CELL-PROCESSOR": ("Cell processor", "", {}, {"check_hours": None, "clean_hold_hours": 720}),
}  # fmt: skip
# quantity: (suffix, name, baseline, critical low, warn low, warn high, critical high)
ROOM_SENSORS: dict[str, tuple[str, str, str, Any, Any, Any, Any]] = {
    "temperature": ("TEMP", "temperature", "21.0", "18", "19", "24", "25"),
    "humidity": ("RH", "humidity", "45.0", "30", "35", "60", "65"),
    "differential_pressure": ("DP", "pressure", "18.0", "10", "12", None, None),
}
INCUBATOR_SENSORS: dict[str, tuple[str, str, str, Any, Any, Any, Any]] = {
    "incubator_temperature": ("TEMP", "temperature", "37.0", "36", "36.5", "37.5", "38"),
    "co2": ("CO2", "CO₂", "5.0", "4", "4.5", "5.5", "6"),
}


@dataclass(slots=True, kw_only=True)
class House:
    """The people and places of the demo, and its clock."""

    at: datetime
    password: str
    people: dict[str, User] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    rooms: dict[str, Equipment] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def act(self, who: str = "", *, at: datetime | None = None, reason: str = "") -> Act:
        """Return an act of a person of the demo, or of the software."""
        by = self.people[who] if who else system_user()
        return Act(id=uuid4(), by=by, at=at or self.at, reason=reason, origin="demo")

    def proof(self, who: str, *, at: datetime | None = None) -> Proof:
        """Return what that person has after showing user ID and password."""
        return Proof(user=self.people[who], at=at or self.at)


def found(house: House) -> None:
    """Found the house: everything that stands before the first order comes in."""
    for code, name, kind in SITES:
        house.sites[code] = add_site(code=code, name=name, kind=kind, act=house.act())
    _people(house)
    _therapies(house)
    _training(house)
    _rooms(house)
    _classes(house)
    _stock(house)
    _changeovers(house)


def _people(house: House) -> None:
    for number, (username, (name, roles, site)) in enumerate(PEOPLE.items(), 1):
        user = add_user(
            username=username,
            full_name=name,
            employee_id=f"E-{number:04}",
            password=house.password,
            is_own_password=True,
            act=house.act(),
        )
        activate_person(
            username=username,
            evidence="A person of the demo, nobody in particular",
            verifier="The demo",
            act=house.act(),
        )
        user.refresh_from_db()
        for role in roles:
            where = house.sites[site] if site else None
            act = house.act(reason="the demo house is founded")
            grant_role(user=user, role=role, site=where, act=act)
        accept_accountability(digest=accountability().digest, act=replace(house.act(), by=user))
        house.people[username] = user
    for code in ("NORTH", "SOUTH"):
        client = add_user(
            username=f"portal-{code.lower()}",
            full_name=f"Ordering portal of {house.sites[code].name}",
            employee_id=None,
            kind="service",
            act=house.act(),
        )
        house.people[client.username] = client
        _, house.tokens[code] = create_token(
            user=client,
            site=house.sites[code],
            scopes=("orders:read", "orders:write", "batches:read", "readings:read", "events:read"),
            days=365,
            act=house.act(),
        )


def _therapies(house: House) -> None:
    for code, name, is_autologous, made_at in THERAPIES:
        therapy = recipes.add_therapy(
            code=code,
            name=name,
            is_autologous=is_autologous,
            made_at=house.sites[made_at],
            act=house.act(),
        )
        approve_recipe(house, therapy, (RECIPES / f"{code}.yaml").read_text())
    for code in LIBRARY:
        approve_recipe(house, None, (RECIPES / f"{code}.yaml").read_text())


def _training(house: House) -> None:
    """Train everybody who makes or verifies on every recipe in force, for a year."""
    for username, (_, roles, _) in PEOPLE.items():
        if not {"operator", "verifier"} & set(roles):
            continue
        for procedure in procedures():
            record_training(
                user=house.people[username],
                procedure=procedure.code,
                version=procedure.version,
                trained_by=house.people["erik"],
                evidence="Demo: shown and done under supervision",
                valid_until=house.at + timedelta(days=365),
                act=house.act("quinn"),
            )


def approve_recipe(house: House, therapy: Therapy | None, text: str) -> None:
    """Draft, submit, check and approve a recipe with three signatures, and put it in force.

    Args:
        therapy: None for an entry of the library, which is never in force.
    """
    document = plain_from_yaml(text)
    version = recipes.draft_version(
        recipe_code=document["header"]["code"],
        therapy=therapy,
        document=document,
        act=house.act("erik"),
    )
    digest = digest_of(version_statement(version))
    recipes.submit_version(
        version_id=version.pk,
        proof=house.proof("erik"),
        seen_digest=digest,
        act=house.act("erik"),
    )
    recipes.check_version(
        version_id=version.pk,
        proof=house.proof("clara"),
        seen_digest=digest,
        act=house.act("clara"),
    )
    recipes.approve_version(
        version_id=version.pk,
        proof=house.proof("quinn"),
        seen_digest=digest,
        act=house.act("quinn"),
    )
    if therapy is not None:
        recipes.make_effective(version_id=version.pk, act=house.act("quinn"))


def _rooms(house: House) -> None:
    due = (house.at + timedelta(days=200)).date()
    for seed, (code, (name, site, number)) in enumerate(ROOMS.items(), 1):
        room = _equipment(house, code, name, "room", site, None, None)
        house.rooms[code] = room
        _sensors(house, room, ROOM_SENSORS, code.replace("-", ""), seed)
        if site != "PLANT":
            _equipment(house, "BAL-1", "Analytical balance 1", "BALANCE", site, room, due)
            continue
        for prefix, unit_name, unit_class in PLANT_UNITS:
            unit = _equipment(
                house, f"{prefix}-{number}", f"{unit_name} {number}", unit_class, site, room, due
            )
            if prefix == "INC":
                _sensors(house, unit, INCUBATOR_SENSORS, f"INC{number}", seed + 50)


def _classes(house: House) -> None:
    """Describe what is asked of some classes, and check the scale for its first day."""
    for code, (name, unit, weights, hours) in CLASSES.items():
        supply.describe_class(
            code=code, name=name, unit=unit, weights=weights, hours=hours,
            reason="As its manual asks", act=house.act("quinn"),
        )  # fmt: skip
    supply.connect_scale(
        code="BAL-1", line="simulated", reason="A scale of the demo",
        act=house.act("erik"),
    )  # fmt: skip
    scale = Equipment.objects.get(code="BAL-1")
    supply.sign_equipment(
        code="BAL-1", verb="qualify", reason="Read and compared with its display",
        proof=house.proof("quinn"), seen_digest=digest_of(unit_statement(scale, "qualify")),
        act=house.act("quinn"),
    )  # fmt: skip
    supply.check_scale(code="BAL-1", entered="100.0001", act=house.act("quinn"))


def _equipment(
    house: House,
    code: str,
    name: str,
    equipment_class: str,
    site: str,
    room: Equipment | None,
    due: date | None,
) -> Equipment:
    return supply.add_equipment(
        code=code,
        name=name,
        equipment_class=equipment_class,
        site=house.sites[site],
        room=room,
        calibration_due_on=due,
        is_shared=equipment_class in SHARED,
        act=house.act(),
    )


def _sensors(
    house: House,
    place: Equipment,
    kinds: dict[str, tuple[str, str, str, Any, Any, Any, Any]],
    prefix: str,
    seed: int,
) -> None:
    for quantity, (suffix, word, baseline, *edges) in kinds.items():
        low, warn_low, warn_high, high = (None if one is None else Decimal(one) for one in edges)
        add_sensor(
            code=f"{prefix}-{suffix}",
            name=f"{place.name}, {word}",
            quantity=quantity,
            site=place.site,
            equipment_id=place.pk,
            baseline=Decimal(baseline),
            limits=LimitSet(
                critical_low=low,
                warn_low=warn_low,
                warn_high=warn_high,
                critical_high=high,
                hysteresis=Decimal("0.2"),
                silence_s=150,
            ),
            seed=seed,
            act=house.act(),
        )


def _changeovers(house: House) -> None:
    """Say what is done in a room between two batches; the other rooms have no plan yet."""
    plan = batches.write_changeover_plan(
        room_code="ROOM-103", points=CLEARING, reason="The room serves two therapies",
        act=house.act("erik"),
    )  # fmt: skip
    batches.approve_changeover_plan(
        plan_id=plan.pk, proof=house.proof("quinn"),
        seen_digest=digest_of(plan_statement(plan)), act=house.act("quinn"),
    )  # fmt: skip


def _stock(house: House) -> None:
    expires_on = (house.at + timedelta(days=300)).date()
    for code, name, unit, on_hand, site in STOCK:
        material = supply.add_material(code=code, name=name, unit=unit, act=house.act())
        lot = supply.add_lot(
            material=material,
            number=f"{code}-2611",
            site=house.sites[site],
            expires_on=expires_on,
            quantity=Decimal(on_hand),
            potency=POTENCY.get(code),
            act=house.act(),
        )
        supply.approve_lot(
            lot_id=lot.pk,
            proof=house.proof("quinn"),
            seen_digest=digest_of(lot_statement(lot)),
            act=house.act("quinn"),
        )

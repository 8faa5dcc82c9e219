"""The words of the designer: what each field, place and kind of step is called, and its help.

One table each. A field without an entry is called by its own name; an entry "Class.field" goes
before one of "field" alone.
"""

from __future__ import annotations

from collections.abc import Mapping

# Field: (label, help).
FIELDS: Mapping[str, tuple[str, str]] = {
    "accepted": ("Accepted answers", "Values of options, one on a line; any other is an exception."),
    "active": ("Active ingredient", ""),
    "active_quantity": ("Active ingredient per dosage unit", ""),
    "after": ("Starts after", "The steps that must be complete before this one."),
    "UnitProcedure.after": ("Starts after", "Nothing ticked: after the one before it."),
    "Operation.after": ("Starts after", "Nothing ticked: after the one before it."),
    "when": ("Only where", "A comparison; where it does not hold, all of this is skipped."),
    "repeat": ("Repeat", "All of it again, until the comparison holds."),
    "until": ("Until", "A comparison of values that the operation gives."),
    "most": ("At most, times", "In all; then quality decides."),
    "action": ("A value outside", "Refused, or taken with a reason as an exception."),
    "bounds": ("Bounds", "One for each parameter, in its unit."),
    "constraints": ("Constraints", "Sums of parameters that stay within limits."),
    "autologous": ("Autologous", "Made for one patient from their own cells."),
    "Material.autologous": ("The patient's own material", ""),
    "batch_size": ("Batch size", "As it is printed on the record, such as: 1 bag of 50 mL."),
    "checks": ("Points to confirm", "One on a line. Each is ticked by the operator."),
    "code": ("Code", ""),
    "Header.code": ("Recipe code", ""),
    "container_closure": ("Container and closure", ""),
    "critical": ("Critical", "Needs a second person, and limits if it measures."),
    "decimals": ("Decimals", "Places behind the point that are recorded."),
    "default": ("Value", "Leave it empty where a formula gives the value, or the batch does."),
    "delay_seconds": ("Delay in seconds", "How long a limit must be broken before it counts."),
    "dosage_form": ("Dosage form", "Such as: suspension for infusion."),
    "equipment": ("Equipment class", ""),
    "excess": ("Calculated excess", "Of a component, in words; “None” where there is none."),
    "formula": ("Formula", "Numbers, names, + - * / ** and functions: if_else, min, max, …"),
    "from": ("Taken from", "A step, order.weight_kg, order.height_cm, or parameter.CODE."),
    "grade": ("Grade", "Such as: Ph. Eur., GMP."),
    "hard": ("Never beyond", "A value outside stops the work."),
    "inputs": ("Names in the formula", "What each name stands for, and the unit it is taken in."),
    "instruction": ("Instruction", "What the operator reads: short sentences, one action each."),
    "Label.lines": ("Text of the label", "Line by line, as it is printed."),
    "material": ("Material", ""),
    "max": ("Highest", ""),
    "max_exclusive": ("below it only", ""),
    "max_percent": ("Highest yield, %", ""),
    "max_seconds": ("At most, in seconds", "Empty: there is no longest time."),
    "min": ("Lowest", ""),
    "min_exclusive": ("above it only", ""),
    "min_percent": ("Lowest yield, %", ""),
    "min_seconds": ("At least, in seconds", ""),
    "number": ("Number", "What a calculation takes for this answer."),
    "options": ("Options", "The answers the operator chooses from."),
    "may_skip": ("May not apply", "Whoever performs it may say so, with a reason."),
    "library": ("From the library", ""),
    "late_after_minutes": ("Late after, minutes", "From the event to its record; empty means 15."),
    "parameter": ("Parameter", "The number of the formula that is measured here."),
    "precautions": ("Precautions", "One on a line."),
    "quantity": ("Quantity", ""),
    "ControlStep.hard": ("Never beyond", "What cannot be: refused as a typing error."),
    "ControlStep.soft": ("Specification", "A result outside is an exception, and stays."),
    "ControlStep.sample": ("Sample of step", "The step that took it; empty where there is none."),
    "accept": ("Takes", "What the file may be."),
    "LabelStep.label": ("Label", "The code of a label of the header."),
    "copies": ("How many", "Labels that are printed at first."),
    "area": ("Area", "The room, or the part of it, that is cleared."),
    "stage": ("When", "Before the making, or after it."),
    "document": ("Document", "The code on the procedure, such as SOP-012."),
    "method": ("Method", "The procedure or pharmacopoeia chapter of the test."),
    "point": ("Sampling point", "Where in the process, such as: after thawing."),
    "repeats": ("Repeats allowed", "Each with a reason and a second person."),
    "test": ("Test", "What is tested, such as: viability."),
    "version": ("Version", "As printed on the procedure."),
    "WeighStep.target": ("Target of step", "The step that finds how much; empty: the quantity."),
    "WeighStep.quantity": ("Quantity", "Empty: that of the bill of materials."),
    "WeighStep.equipment": ("Class of scale", "It must read finely enough, and reach far enough."),
    "tolerance_percent": ("Tolerance, %", "Of the target, to both sides."),
    "tolerance": ("Tolerance, in the unit", "In place of the one in percent."),
    "beyond": ("Beyond the tolerance", "Refused, or an exception that quality decides."),
    "nominal_potency": ("Nominal potency, %", "A weaker lot is weighed in for more."),
    "automated": ("From the scale alone", "Nothing can be typed; one person is enough."),
    "SampleStep.container": ("Container", "What the sample is taken into."),
    "SampleStep.material": ("Of the material", "Empty where the batch itself is sampled."),
    "references": ("Sources", "One on a line: procedures, standards, publications."),
    "retention_years": ("Kept for, in years", ""),
    "roles": ("Performed by", ""),
    "room_class": ("Room class", "Such as: A, B, C, D."),
    "soft": ("Expected", "A value outside asks for a reason."),
    "step": ("At step", ""),
    "storage": ("Storage", "Such as: below −130 °C in vapor of liquid nitrogen."),
    "strength": ("Strength", ""),
    "target": ("What is scanned", ""),
    "therapy": ("Therapy", ""),
    "title": ("Title", ""),
    "training_since": ("Training since version", "The oldest version whose training is still good."),
    "unit": ("Unit", ""),
    "value": ("Value", ""),
    "verify": ("Second person verifies", ""),
    "warn_high": ("Warning high", ""),
    "warn_low": ("Warning low", ""),
    "watch": ("Environment is watched", "The limits of the environment hold while it runs."),
    "laboratory": ("Laboratory record", "Sample, amounts, raw data; a second person reviews it."),
    "method_version": ("Version of the method", "Fill it in to keep a laboratory record."),
    "amounts": ("Weights and measures", "What the analyst enters, by its name in the formula."),
    "raw_data": ("Raw data", "What the file may be; nothing ticked: any."),
    "Laboratory.formula": ("Calculation of the result", "Empty: the result is typed."),
    "cells": ("Living cells", "It holds living human cells: its labels say more."),
    "Label.fields": ("Filled from the batch", "Printed below the text; the patient's code always is."),
    "Label.volume": ("Volume", "As it is printed, such as: 50 mL."),
    "expires_hours": ("Expires after, hours", "Counted from the end of a step, or from printing."),
    "expires_from": ("Counted from step", "Empty: from the moment of printing."),
}  # fmt: skip

# Place in the outline, by class or by the name of its list: (title, help, icon).
PLACES: Mapping[str, tuple[str, str, str]] = {
    "header": ("Header", "What the recipe is, and what it makes.", "file"),
    "product": ("Product", "Name, strength and dosage form (21 CFR 211.186(b)(1) and (2)).", "bag"),
    "theoretical_yield": ("Theoretical yield", "Beyond its percentages it is investigated.", "chart"),
    "labels": ("Labels", "The specimen of each label, word by word.", "print"),
    "formula": ("Formula", "What goes in, and how much.", "flask"),
    "parameters": ("Parameters", "The numbers of the process: given, measured or computed.", "chart"),
    "materials": ("Bill of materials", "Every component, with its quantity and unit.", "flask"),
    "stages": ("Expected quantities", "What is expected without loss at a step.", "chart"),
    "equipment_requirements": ("Equipment classes", "What must stand ready, and where.", "thermometer"),
    "procedure": ("Procedure", "Unit procedures, their operations, and their steps.", "play"),
    "unit_procedures": ("Procedure", "Unit procedures, their operations, and their steps.", "play"),
    "operations": ("Operations", "", "play"),
    "steps": ("Steps", "", "play"),
    "other_information": ("Precautions and sources", "", "shield"),
    "environment": ("Environment", "What is watched, and its limits.", "thermometer"),
    "design_space": ("Design space", "Which critical parameters go together.", "shield"),
}  # fmt: skip

# Kind of step: (words, what it is for).
KINDS: Mapping[str, tuple[str, str]] = {
    "confirm": ("Confirm", "Something is done or looked at, point by point"),
    "number": ("Number", "A number is measured and entered"),
    "scan_identity": ("Scan identity", "The bag or the label of the patient is scanned"),
    "scan_material": ("Scan material", "A lot of a material is scanned and used"),
    "scan_equipment": ("Scan equipment", "A piece of equipment is scanned"),
    "timer": ("Timer", "Time passes, at least and at most"),
    "sensor": ("Sensor", "What a sensor shows now is taken over"),
    "calculation": ("Calculation", "A number is computed by a formula"),
    "choice": ("Choice", "One of several answers is chosen"),
    "text": ("Text", "Words are entered"),
    "date_time": ("Date and time", "A moment is entered"),
    "instruction": ("Instruction", "Something is read"),
    "hold_time": ("Hold time", "The time between two steps is computed"),
    "scan_document": ("Scan document", "A written procedure is at hand, in the right version"),
    "file": ("Photo or file", "A photo is taken or a file handed in"),
    "label": ("Print labels", "Labels are printed and accounted for"),
    "line_clearance": ("Line clearance", "Nothing of another batch is left in the area"),
    "sample": ("Sample", "A sample is taken, and named by the system"),
    "weigh": ("Weigh", "A material is weighed and dispensed, within a tolerance"),
    "in_process_control": ("In-process control", "A test is done, and judged by its specification"),
}

# Fields of several lines, and fields that stand at the end of a form of a step.
LONG = {"instruction", "excess", "container_closure", "storage", "active_quantity", "formula"}
SHORT = {"code", "decimals", "unit", "room_class", "min", "max", "number", "value", "min_seconds",
         "max_seconds", "min_percent", "max_percent", "quantity", "kind", "default", "grade",
         "retention_years", "training_since", "delay_seconds", "critical_low", "critical_high",
         "warn_low", "warn_high", "place", "therapy", "late_after_minutes"}  # fmt: skip
HALF = {"from", "parameter", "target", "material", "equipment", "step", "name", "label", "strength",
        "dosage_form", "active_ingredient", "batch_size"}  # fmt: skip
FIRST = ("code", "title")
LAST = ("critical", "verify", "watch", "may_skip", "roles", "late_after_minutes", "after", "when")


def label_of(owner: str, name: str) -> str:
    """Return what a field is called."""
    found = FIELDS.get(f"{owner}.{name}") or FIELDS.get(name)
    return found[0] if found else name.replace("_", " ").capitalize()


def help_of(owner: str, name: str) -> str:
    """Return the help of a field, or nothing."""
    found = FIELDS.get(f"{owner}.{name}") or FIELDS.get(name)
    return found[1] if found else ""


def kind_words(kind: str) -> str:
    """Return what a kind of step is called."""
    return KINDS[kind][0] if kind in KINDS else kind.replace("_", " ").capitalize()


def place_words(name: str) -> str:
    """Return what a place of the outline is called."""
    return PLACES[name][0] if name in PLACES else name.replace("_", " ").capitalize()

"""Master recipes in B2MML for tests, written after the published schema (BatchML, version 7)."""

from __future__ import annotations

NAMESPACE = "http://www.mesa.org/xml/B2MML"


def value(number: str, unit: str, interpretation: str = "Constant") -> str:
    """A value as the schema wants it."""
    return (
        f"<Value><ValueString>{number}</ValueString><DataInterpretation>{interpretation}"
        f"</DataInterpretation><DataType>decimal</DataType><UnitOfMeasure>{unit}</UnitOfMeasure></Value>"
    )


def parameter(name: str, kind: str, number: str, unit: str, more: str = "") -> str:
    """A parameter of a formula or of an element."""
    said = f"<ID>{name}</ID><ParameterType>{kind}</ParameterType>"
    return f"<Parameter>{said}{value(number, unit)}{more}</Parameter>"


def element(name: str, kind: str, inner: str = "", words: str = "") -> str:
    """A procedural element."""
    said = f"<Description>{words}</Description>" if words else ""
    return (
        f"<RecipeElement><ID>{name}</ID>{said}<RecipeElementType>{kind}</RecipeElementType>{inner}"
        "</RecipeElement>"
    )


def link(name: str, kind: str, ahead: tuple[str, ...], after: tuple[str, ...]) -> str:
    """A link of a chart."""

    def ends(tag: str, names: tuple[str, ...]) -> str:
        return "".join(
            f"<{tag}ID><{tag}IDValue>{one}</{tag}IDValue><{tag}Type>Step</{tag}Type>"
            f"<IDScope>Internal</IDScope></{tag}ID>"
            for one in names
        )

    return (
        f"<Link><ID>{name}</ID>{ends('From', ahead)}{ends('To', after)}<LinkType>{kind}</LinkType>"
        "<Depiction>Line</Depiction></Link>"
    )


def chart(steps: dict[str, str], transitions: dict[str, str], *links: str) -> str:
    """A procedure logic: steps by id with their elements, transitions with their conditions."""
    made = "".join(
        f"<Step><ID>{one}</ID><RecipeElementID>{of}</RecipeElementID>"
        "<RecipeElementVersion>1</RecipeElementVersion></Step>"
        for one, of in steps.items()
    )
    made += "".join(
        f"<Transition><ID>{one}</ID><Condition>{of}</Condition></Transition>"
        for one, of in transitions.items()
    )
    return f"<ProcedureLogic>{''.join(links)}{made}</ProcedureLogic>"


HEADER = """<Header><ProductID>P-77</ProductID><ProductName>Buffer 7</ProductName>
<BatchSize><Nominal>100</Nominal><Min>50</Min><UnitOfMeasure>L</UnitOfMeasure></BatchSize>
<Status>Approved for production</Status></Header>"""


def recipe(inner: str, *, name: str = "BUF-7", formula: str = "", header: str = HEADER) -> str:
    """A master recipe in its envelope."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><BatchInformation xmlns="{NAMESPACE}">'
        f"<MasterRecipe><ID>{name}</ID><Version>3</Version><VersionDate>2026-01-02T00:00:00Z"
        f"</VersionDate><Description>A buffer in three steps</Description>{header}"
        "<EquipmentRequirement><ID>TANK</ID><Constraint><ID>C1</ID>"
        "<Condition>Volume > 90</Condition></Constraint><Description>Stirred tank</Description>"
        f"</EquipmentRequirement><Formula>{formula}</Formula>{inner}</MasterRecipe></BatchInformation>"
    ).replace("> 90", "&gt; 90")


def branching_recipe() -> str:
    """Charge, then mix and warm side by side, then acid or base by the pH, then discharge."""
    phases = (
        element("BEGIN", "Begin")
        + element(
            "CHARGE",
            "Phase",
            parameter("WATER", "ProcessInput", "90", "L")
            + parameter("SPEED", "ProcessParameter", "120", "rpm"),
            "Charge the water",
        )
        + element("MIX", "Phase", parameter("PH", "ProcessOutput", "", "pH"), "Mix and measure")
        + element("WARM", "Phase", parameter("GAS", "ProcessParameter", "2", "Nm3"), "Warm up")
        + element("ACID", "Phase", "", "Add acid")
        + element("BASE", "Phase", "", "Add base")
        + element("DRAIN", "Phase", "", "Discharge")
        + element("END", "End")
    )
    logic = chart(
        {
            "1": "BEGIN", "2": "CHARGE", "3": "MIX", "4": "WARM", "5": "ACID", "6": "BASE",
            "7": "DRAIN", "8": "END",
        },
        {"T1": "TRUE", "T2": "PH &gt; 7.4", "T3": "PH &lt;= 7.4", "T4": "TRUE", "T5": "Tank is free"},
        link("L1", "ControlLink", ("1",), ("2",)),
        link("L2", "ControlLink", ("2",), ("T1",)),
        link("L3", "ParallelDivergent", ("T1",), ("3", "4")),
        link("L4", "SerialDivergent", ("3",), ("T2", "T3")),
        link("L5", "ControlLink", ("T2",), ("5",)),
        link("L6", "ControlLink", ("T3",), ("6",)),
        link("L7", "SerialConvergent", ("5", "6"), ("T4",)),
        link("L8", "ControlLink", ("T4",), ("7",)),
        link("L9", "ControlLink", ("7",), ("T5",)),
        link("L10", "ControlLink", ("T5",), ("8",)),
        link("L11", "ControlLink", ("7",), ("2",)),
        link("L12", "TransferLink", ("2",), ("7",)),
    )  # fmt: skip
    operation = element("OP_MAKE", "Operation", phases + logic, "Make the buffer")
    cleaning = element("OP_CLEAN", "Operation", element("RINSE", "Phase", "", "Rinse"), "Clean")
    unit = element("UNIT-1", "UnitProcedure", operation + cleaning, "In the tank")
    formula = parameter("SALT", "ProcessInput", "1.50", "KG") + parameter(
        "TEMP", "ProcessParameter", "37.0", "degC", "<Scaled>No</Scaled>"
    )
    return recipe(element("PROC", "Procedure", unit), formula=formula)

"""A newcomer writes a recipe of ten steps in the browser, and two people put it in force."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from audit.models import RoleGrant
from audit.queries import signatures_of
from recipes.models import RecipeVersion
from tests.browser.newcomer import carried_out, issued, ordered
from tests.browser.served import PASSWORD, SHOTS, signed_in
from tests.browser.test_main_job import found_by_axe

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]


def settled(page: Page) -> None:
    """Until nothing is being saved."""
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def open_part(page: Page, name: str) -> None:
    """Choose a part in the outline by its words."""
    link = page.locator("#outline a").filter(has=page.get_by_text(name, exact=True)).first
    link.click()
    expect(page.locator("#outline a[aria-current] .outline-title")).to_have_text(name)
    settled(page)


def fill(page: Page, **fields: str) -> None:
    """Type into fields by their labels, leave them, and wait until they are saved."""
    form = page.locator("#thing-form")
    for words, text in fields.items():
        label = words.replace("_", " ")
        field = form.get_by_label(label, exact=True).first
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)
            field.press("Tab")
        settled(page)
    expect(page.locator("#saved")).to_contain_text("Saved")


def tick(page: Page, words: str) -> None:
    page.locator("#thing-form").get_by_label(words, exact=True).check()
    settled(page)


def add(page: Page, words: str) -> None:
    page.get_by_role("button", name=f"Add {words}", exact=True).click()
    settled(page)


def add_step(page: Page, kind: str, title: str, instruction: str, **fields: str) -> None:
    page.get_by_label("Kind of the new step").select_option(label=kind)
    add(page, "step")
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
    fill(page, Title=title, Instruction=instruction, **fields)


def sign(page: Page, who: str, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).first.click()
    dialog = page.locator("dialog[open]")
    if dialog.locator("[name=username]:not([type=hidden])").count():
        dialog.locator("[name=username]").fill(who)
    dialog.locator("[name=password]").fill(PASSWORD)
    dialog.locator("[name=password]").press("Enter")
    expect(page.locator("dialog[open]")).to_have_count(0)


def begin(page: Page, address: str) -> None:
    page.goto(f"{address}/recipes/")
    page.get_by_role("link", name="New recipe").click()
    page.get_by_label("Title").fill("Dendritic cells, first in man")
    page.get_by_label("Recipe code").fill("DC-MBR")
    page.get_by_label("A new therapy").check()
    page.get_by_label(re.compile("^Therapy code")).fill("DC")
    page.get_by_label(re.compile("^Name")).fill("Autologous dendritic cells")
    page.get_by_label("Made at").select_option("PLANT")
    page.get_by_role("button", name="Start the draft").click()
    page.wait_for_url("**/recipes/DC-MBR/1/design/")


def describe(page: Page) -> None:
    """Fill in what the findings ask for, part by part."""
    fill(page, Name="Dendritic cells", Strength="1 × 10⁷ cells per dose",
         Dosage_form="Suspension for injection", Active_ingredient="Dendritic cells",
         Active_ingredient_per_dosage_unit="1 × 10⁷ viable cells")  # fmt: skip
    open_part(page, "Header")
    fill(page, Batch_size="4 vials", Container_and_closure="Cryovial with screw cap",
         Storage="Below −130 °C")  # fmt: skip
    fill(page, **{"Kept for, in years": "30"})
    open_part(page, "Theoretical yield")
    # A yield is saved when it is whole: until then the form says what it misses.
    form = page.locator("#thing-form")
    for words, text in (("Quantity", "4"), ("Lowest yield, %", "50"), ("Highest yield, %", "100")):
        form.get_by_label(words).fill(text)
    expect(page.locator("#saved")).to_contain_text("Not saved")
    form.get_by_label("Unit").select_option("1")
    settled(page)
    expect(page.locator("#saved")).to_contain_text("Saved")
    open_part(page, "Labels")
    add(page, "label")
    fill(page, Name="Vial label", **{"Text of the label": "DC\nFOR AUTOLOGOUS USE ONLY"})
    open_part(page, "Formula")
    fill(page, **{"Calculated excess": "None"})
    open_part(page, "Precautions and sources")
    fill(page, Precautions="Handle as infectious.")


def make(page: Page) -> None:
    """Write the procedure: three steps are there, seven are added."""
    open_part(page, "Identify the bag")
    add_step(page, "Scan equipment", "Take the incubator", "Scan the incubator.")
    add_step(page, "Scan material", "Add the medium", "Scan the lot and add it.")
    add_step(page, "Number", "Count the cells", "Count twice and enter the mean.", Decimals="1")
    rest = {"At least, in seconds": "2"}
    add_step(page, "Timer", "Let them rest", "Leave the flask alone.", **rest)
    add_step(page, "Choice", "Look at the flask", "Is the medium clear?")
    add_step(page, "Calculation", "Compute the dose", "Compare it with the order.")
    add_step(page, "Confirm", "Close the flask", "Close it and clean the bench.")
    open_part(page, "Expected quantities")
    add(page, "stage")
    fill(page, Label="After counting", Quantity="1")


def mend(page: Page) -> None:
    """Follow the findings, one after the other, to the form that mends each."""
    for name, title in (
        ("P1", "Cell count"),
        ("MATERIAL-1", "Medium"),
        ("EQUIPMENT-1", "Incubator"),
    ):
        group = {"P1": "Parameters", "MATERIAL-1": "Bill of materials"}.get(
            name, "Equipment classes"
        )
        open_part(page, group)
        page.locator(".designer-items a").filter(has=page.get_by_text(name, exact=True)).click()
        settled(page)
        fill(page, **{"Label" if name == "P1" else "Name": title})


def in_force(browser: Browser, address: str, page: Page) -> None:
    """Sign what the page offers, each by whoever may, until the version is in force."""
    sign(page, "erik", "Submit")
    version = RecipeVersion.objects.get(recipe__code="DC-MBR")
    grants = RoleGrant.objects.filter(role__in=("engineer", "qa")).exclude(user__username="erik")
    names = sorted(set(grants.values_list("user__username", flat=True)))
    windows = {name: signed_in(browser, address, name) for name in names}
    for name in [*names, *names, *names]:
        window = windows[name]
        window.goto(f"{address}/recipes/DC-MBR/1/")
        button = window.locator(".page-actions button.btn-primary").first
        if button.count() and button.get_attribute("data-open-dialog"):
            sign(window, name, button.inner_text().strip())
        elif button.count():
            button.click()
        version.refresh_from_db()
        if version.state == "effective":
            break
    assert version.state == "effective"
    signers = {one.signer_id for one in signatures_of(version)}
    assert len(signers) == 3
    page.goto(f"{address}/recipes/DC-MBR/1/")
    page.screenshot(path=SHOTS / "designer-in-force.png", full_page=True)
    expect(page.get_by_role("button", name="New version")).to_be_visible()


@pytest.mark.requirement("S88-02", "CGMP-02", "CGMP-03", "A11-10")
def test_a_newcomer_writes_ten_steps_and_three_people_put_them_in_force(
    browser: Browser, address: str
) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page = signed_in(browser, address, "erik")
    begin(page, address)
    page.screenshot(path=SHOTS / "designer-begun.png")
    describe(page)
    make(page)
    version = RecipeVersion.objects.get(recipe__code="DC-MBR")
    steps = [
        step
        for unit in version.document["procedure"]["unit_procedures"]
        for operation in unit["operations"]
        for step in operation["steps"]
    ]
    assert len(steps) == 10
    assert [one["after"] for one in steps[1:]] == [[one["code"]] for one in steps[:-1]]
    mend(page)
    expect(page.locator("#lint")).to_contain_text("The master record is complete.")
    page.screenshot(path=SHOTS / "designer-complete.png", full_page=True)
    page.get_by_role("link", name="Check and submit").click()
    in_force(browser, address, page)
    batch = issued(ordered("DC"))
    carried_out(browser, address, batch)
    batch.refresh_from_db()
    assert batch.state == "execution_complete"


DRAFT = "/recipes/CART-19-MBR/2/design/"
SCREENS = (
    ("list", "/recipes/"),
    ("new", "/recipes/new/"),
    ("import", "/recipes/import/"),
    ("compare", "/recipes/CART-19-MBR/2/compare/"),
    ("preview-number", "/recipes/CART-19-MBR/2/preview/?step=S07"),
    ("preview-calculation", "/recipes/CART-19-MBR/2/preview/?step=S12"),
    ("product", f"{DRAFT}?at=/header/product"),
    ("list-of-parameters", f"{DRAFT}?at=/formula/parameters"),
    ("parameter", f"{DRAFT}?at=/formula/parameters/3"),
    ("calculation", f"{DRAFT}?at=/procedure/unit_procedures/1/operations/2/steps/2"),
    ("environment", f"{DRAFT}?at=/environment/0"),
)


def changed_draft(page: Page, address: str) -> None:
    """A second version with a moved step, other words, a new step, and a comment on a line."""
    page.goto(f"{address}/recipes/CART-19-MBR/1/")
    page.get_by_role("button", name="New version").click()
    page.wait_for_url("**/design/")
    page.locator("#node-S06").focus()
    page.keyboard.press("Alt+ArrowUp")
    settled(page)
    open_part(page, "Product")
    fill(page, Strength="2 × 10⁶ viable CAR-positive T cells per kg of body weight")
    open_part(page, "Cell processor")
    add_step(page, "Timer", "Let the processor warm up", "Wait until the screen is green.")
    page.goto(f"{address}/recipes/CART-19-MBR/2/compare/")
    line = page.locator("#header-product-strength")
    line.locator("summary").click()
    line.get_by_label("Comment", exact=True).fill("Which study supports the new strength?")
    line.get_by_role("button", name="Write the comment").click()
    expect(page.locator(".comment")).to_have_count(1)


def test_the_designer_is_clean_in_both_themes_and_two_widths(
    browser: Browser, address: str
) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    wrong = []
    for scheme in ("light", "dark"):
        page = signed_in(browser, address, "erik", scheme)
        if scheme == "light":
            changed_draft(page, address)
        for width in (1280, 1024):
            page.set_viewport_size({"width": width, "height": 800})
            for name, path in SCREENS:
                page.goto(address + path)
                page.screenshot(
                    path=SHOTS / f"designer-{name}-{width}-{scheme}.png", full_page=True
                )
                wrong += [f"{name} {width} {scheme}: {one}" for one in found_by_axe(page)]
                wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
                wrong += [f"{name} {width}: wider than the window"] if wide else []
    assert wrong == []


def test_steps_are_moved_by_keys_and_a_refusal_stands_at_its_field(
    browser: Browser, address: str
) -> None:
    page = signed_in(browser, address, "erik")
    page.goto(f"{address}/recipes/CART-19-MBR/1/")
    page.get_by_role("button", name="New version").click()
    page.wait_for_url("**/design/")
    page.locator("#node-S05").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#node-S06")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    settled(page)
    expect(page.locator("#node-S06")).to_be_focused()
    version = RecipeVersion.objects.get(recipe__code="CART-19-MBR", number=2)
    steps = version.document["procedure"]["unit_procedures"][1]["operations"][0]["steps"]
    assert [one["code"] for one in steps][:3] == ["S04", "S06", "S05"]
    page.keyboard.press("Alt+ArrowDown")
    settled(page)
    page.keyboard.press("Enter")
    settled(page)
    title = page.locator("#thing-form").get_by_label("Title", exact=True)
    title.fill("")
    title.press("Tab")
    expect(page.locator("#f-title-error")).to_contain_text("Title is")
    expect(title).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#saved")).to_contain_text("Not saved")
    # What stands in other fields is not touched by the answer.
    title.fill("Wash with the reagent")
    title.press("Tab")
    expect(page.locator("#saved")).to_contain_text("Saved")
    expect(page.locator("#f-title-error")).to_be_empty()
    expect(page.locator("#node-S06 .outline-title")).to_have_text("Wash with the reagent")

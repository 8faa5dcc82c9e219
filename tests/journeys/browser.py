"""A browser without scripts: reads pages, fills in forms as they stand there, and submits them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from tests.worlds.audit import PASSWORD


@dataclass
class Form:
    """A form of a page: where it goes, and what it would send untouched."""

    action: str
    fields: dict[str, Any] = field(default_factory=dict)


class Forms(HTMLParser):
    """Collects the forms of a page with their values."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self.open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and given.get("method", "").lower() == "post":
            self.open = Form(given.get("action", ""))
            self.found.append(self.open)
        elif (
            tag == "input"
            and self.open is not None
            and "name" in given
            and given.get("type") not in ("checkbox", "radio", "submit")
        ):
            self.open.fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None


class Person:
    """Somebody at a browser."""

    def __init__(self, username: str, password: str = PASSWORD) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.username, self.password = username, password
        self.page: Any = None
        self.go("/accounts/login/")
        self.submit("/accounts/login/", username=username, password=password, at="/accounts/login/")
        assert self.page.status_code == 200, f"{username} cannot sign in"

    def go(self, url: str) -> Person:
        """Open a page."""
        self.page = self.client.get(url, follow=True)
        return self

    @property
    def text(self) -> str:
        """The page as it was sent."""
        return str(self.page.content.decode())

    def forms(self) -> list[Form]:
        """Return the forms of the page."""
        parser = Forms()
        parser.feed(self.text)
        return parser.found

    def submit(self, ends: str, *, at: str = "", **values: Any) -> Person:
        """Fill in and send the form whose action ends so; hidden fields go along as they are."""
        here = at or self.page.request["PATH_INFO"]
        form = next(
            (one for one in self.forms() if (one.action or here).split("?")[0].endswith(ends)), None
        )
        assert form is not None, f"no form {ends} at {here}: {[f.action for f in self.forms()]}"
        sent = {**form.fields, **values}
        sent["csrfmiddlewaretoken"] = form.fields.get("csrfmiddlewaretoken", "")
        self.page = self.client.post(form.action or here, sent, follow=True)
        return self

    def sign(self, ends: str, **values: Any) -> Person:
        """Send a form that carries a signature, with this person's user ID and password."""
        return self.submit(ends, username=self.username, password=self.password, **values)

"""XML as plain elements: nothing is fetched, defined or expanded, and every size is bounded.

A document type is refused, and with it every entity but the five of XML itself: entities can read
files, call addresses, and grow without bound. Each element knows its path, so that whoever reads a
refusal or a report finds it in the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from kernel.errors import Invalid

LARGEST = 512 * 1024
_DEEPEST = 60
_MOST_ELEMENTS = 20_000
_SEPARATOR = "\n"


@dataclass(slots=True, kw_only=True, eq=False)
class Element:
    """An element: its name without the namespace, its text, and what is in it.

    ``path`` counts elements of the same name from one: ``/MasterRecipe/RecipeElement[2]/ID``.
    """

    name: str
    namespace: str
    path: str
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> list[Element]:
        """Return the elements of that name directly in this one."""
        return [one for one in self.children if one.name == name]

    def first(self, name: str) -> Element | None:
        """Return the first element of that name directly in this one, or None."""
        return next(iter(self.all(name)), None)

    def walk(self) -> Iterator[Element]:
        """Yield this element and all below it, from top to bottom."""
        yield self
        for one in self.children:
            yield from one.walk()


class _Builder:
    """Makes elements of what the parser tells."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.parser = parser
        self.root: Element | None = None
        self.open: list[Element] = []
        self.count = 0
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end
        parser.CharacterDataHandler = self.characters
        parser.StartDoctypeDeclHandler = self.refuse_type
        parser.ExternalEntityRefHandler = self.refuse_type

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(_SEPARATOR)
        self.count += 1
        if self.count > _MOST_ELEMENTS or len(self.open) >= _DEEPEST:
            raise _refused(
                f"has more than {_MOST_ELEMENTS} elements, or more than {_DEEPEST} levels"
            )
        above = self.open[-1] if self.open else None
        place = f"[{len(above.all(local)) + 1}]" if above and above.first(local) else ""
        element = Element(
            name=local,
            namespace=namespace,
            path=f"{above.path if above else ''}/{local}{place}",
            line=self.parser.CurrentLineNumber,
        )
        if above:
            above.children.append(element)
        else:
            self.root = element
        self.open.append(element)

    def end(self, name: str) -> None:
        element = self.open.pop()
        element.text = " ".join(element.text.split())

    def characters(self, text: str) -> None:
        self.open[-1].text += text

    def refuse_type(self, *_: object) -> int:
        raise _refused("declares a document type or an entity")


def _refused(why: str) -> Invalid:
    return Invalid(f"The file {why}; it is not read.", pointer="/file", code="not_xml")


def element_from_xml(text: str) -> Element:
    """Return the root element of the XML ``text``; blanks within a text are one blank.

    Raises:
        Invalid: with code ``not_xml``; it is too large, is not well-formed (the sentence names the
            line), or declares a document type.
    """
    if len(text) > LARGEST:
        raise _refused("is larger than 512 KB")
    # The text is one already: what its first line says of an encoding is not asked.
    parser = expat.ParserCreate("utf-8", _SEPARATOR)
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.buffer_text = True
    builder = _Builder(parser)
    try:
        parser.Parse(text.removeprefix("\ufeff").encode("utf-8"), True)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        raise _refused(f"is no well-formed XML in line {error.lineno}: {why}") from None
    except UnicodeEncodeError:
        raise _refused("holds characters that are none") from None
    assert builder.root is not None, "a well-formed document has a root"
    return builder.root

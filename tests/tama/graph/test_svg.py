"""Graphs as SVG."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from xml.etree import ElementTree as ET

import pytest

from tama.graph.model import Action, Change, Class, Graph, Space, Specification, graph
from tama.graph.svg import COLOURS, LINKED_STYLE, svg
from tests.tama.graph.graphs import HOSTILE, hostile, large, planned

SVG = "{http://www.w3.org/2000/svg}"
HARMLESS = {"svg", "title", "desc", "style", "g", "rect", "path", "text"}
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\ud800-\udfff]")


def drawn(graph: Graph) -> ET.Element:
    return ET.fromstring(svg(graph))


def texts(root: ET.Element, class_: str = "") -> Iterator[str]:
    for one in root.iter(f"{SVG}text"):
        if class_ in one.get("class", "").split() or not class_:
            title = one.find(f"{SVG}title")
            yield (one.text or "") if title is None else title.tail or ""


def test_everything_that_is_there_is_a_text_that_can_be_selected() -> None:
    said = list(texts(drawn(large())))

    assert len([one for one in said if one.startswith("operation-")]) == 500
    assert {f"space-{at}" for at in range(40)} <= set(said)
    assert {"Specification 1.0.0", "https://1.example", "✓ completed", "GET", "class-0", "and 30 derived classes"} <= {
        *said
    }


def test_a_screen_reader_is_told_what_is_drawn() -> None:
    root = drawn(planned())

    labels = (root.get("aria-labelledby") or "").split()
    title, description = (next(one for one in root.iter() if one.get("id") == label) for label in labels)
    assert (root.get("role"), title.tag, description.tag) == ("img", f"{SVG}title", f"{SVG}desc")
    assert title.text == "Plan for Tama: 4 to add, 4 to change, 4 to replace, 4 to remove"
    assert description.text is not None
    assert "Space remove (component), to remove: specification 1 with 1 action, failed, to remove, 1 class." in (
        description.text
    )
    assert "Bridge from replace to keep, to replace." in description.text


def test_the_same_graph_yields_the_same_bytes_in_whatever_order_it_was_read() -> None:
    one = large()
    keys = [str(at) for at in range(len(one.spaces))]
    spaces = dict(zip(reversed(keys), reversed(one.spaces), strict=True))
    bridges = [(keys[bridge.source], keys[bridge.target], bridge.change, "") for bridge in reversed(one.bridges)]

    assert svg(graph(spaces, bridges)) == svg(one)


@pytest.mark.parametrize("class_", ["space", "name", "muted"])
def test_hostile_names_are_text_and_short(class_: str) -> None:
    root = drawn(hostile())

    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= HARMLESS
    assert not any(name.startswith("on") or "href" in name for one in root.iter() for name in one.attrib)
    assert "<script>alert(1)</script>" in set(texts(root, class_))
    assert all(0 < len(one) <= 60 for one in texts(root, class_))
    assert not any(UNSEEN.search(one.strip("\n")) for one in root.itertext())


def test_a_name_that_is_cut_is_whole_in_its_title() -> None:
    root = drawn(hostile())

    long = next(one for one in HOSTILE if one.startswith("WWW"))
    titles = {one.findtext(f"{SVG}title") for one in root.iter(f"{SVG}text")}
    assert long in titles
    assert all(len(one) < 60 for one in texts(root))


def test_an_endpoint_shows_no_login_and_no_query() -> None:
    assert "canary" not in svg(hostile())


def test_nothing_else_is_needed_to_show_it() -> None:
    text = svg(large())

    assert text.count("http://") == text.count("http://www.w3.org/2000/svg") == 1
    assert not any(word in text for word in ("<script", "@import", "@font-face", "url(", "href"))


def test_within_a_page_each_object_leads_to_its_own_page() -> None:
    action, class_ = Action("find", "get", "/", id="action"), Class("thing", id="class")
    specification = Specification("1", "https://api.example", "completed", [action], 2, id="specification")
    one = Space("One", "root", [specification], [class_], id="one")
    drawn_graph = graph({"1": one, "2": Space("Two", "", id='"><b>')}, [("1", "2", Change.KEPT, "bridge")])

    root = ET.fromstring(svg(drawn_graph, "/objects/"))

    links = {link.get("id"): " ".join(link.itertext()) for link in root.iter(f"{SVG}a")}
    assert {link.get("href") for link in root.iter(f"{SVG}a")} == {
        f"/objects/{id_}" for id_ in ("one", '"><b>', "specification", "action", "class", "bridge")
    }
    assert links == {
        "object-one": "One root",
        'object-"><b>': "Two",
        "object-specification": "Specification 1 ✓ completed https://api.example",
        "object-action": "GET find",
        "object-class": "thing",
        "object-bridge": "One → Two",
    }
    assert root.get("role") == "group", "what is in an image is no link to a screen reader"
    assert root.findtext(f"{SVG}style") == LINKED_STYLE
    assert "<a " not in svg(drawn_graph)


def test_what_a_plan_does_is_told_by_sign_colour_and_dash() -> None:
    root = drawn(planned())
    style = root.findtext(f"{SVG}style") or ""

    for change in Change:
        groups = [one for one in root.iter(f"{SVG}g") if one.get("class") == change.word]
        signs = [text.text for one in groups for text in one.iter(f"{SVG}text") if text.get("class") == "sign"]
        if change.sign:
            assert len([one for one in signs if one == change.sign]) >= 5, "space, specification, action, class, legend"
            assert f".tama .{change.word}>.line{{stroke:{COLOURS[change.word][0]}}}" in style
    dashes = re.findall(r"\.(\w+)>\.line\{stroke-dasharray:([\d ]+)\}", style)
    assert len(dict(dashes)) == len({dash for _, dash in dashes}) == 3
    assert ".tama .add>.line{stroke-width:3}" in style


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_texts_and_lines_have_the_contrast_that_wcag_asks_for(theme: int) -> None:
    colour = {name: those[theme] for name, those in COLOURS.items()}
    changes = [change.word for change in Change if change.sign]

    for ground in ("background", "box"):
        for ink in ("text", "muted", *changes):
            assert contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)
        assert contrast(colour["edge"], colour[ground]) >= 3, ground


def test_each_colour_has_its_other_one_in_the_dark() -> None:
    style = drawn(planned()).findtext(f"{SVG}style") or ""
    light, _, dark = style.partition("@media(prefers-color-scheme:dark)")

    for (name, those), (at, part) in product(COLOURS.items(), enumerate((light, dark))):
        assert those[at] in part, name
        assert those[1 - at] not in part, name


def test_no_space_is_a_sentence() -> None:
    assert list(texts(drawn(graph({}, [])))) == ["There is no space."]


def contrast(one: str, another: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    high, low = sorted((luminance(one), luminance(another)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

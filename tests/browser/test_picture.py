"""What `tama serve` shows to people, as they use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tama.control_plane import ControlPlane
from tama.control_plane.store.sqlite import FILE, SQLiteStore
from tests.browser.looking import Look, check, check_width, tab_to, take_picture
from tests.browser.opening import OpenPage
from tests.support.served_control_plane import Served, served
from tests.tama.control_plane.support import Caller, document, operation
from tests.tama.graph.graphs import HOSTILE

NAMES = [name for name in HOSTILE if name]
MARKUP, LONG = NAMES[0], NAMES[5]
COLLISIONS = """(boxes, font) => boxes.flatMap(box => {
  const texts = box.querySelectorAll("text");
  texts.forEach(text => { text.style.fontFamily = font; });
  return Object.values(Object.groupBy(texts, text => text.getAttribute("y"))).flatMap(line => {
    const places = line.map(text => [text.getBBox(), text.lastChild.data]).sort(([one], [other]) => one.x - other.x);
    const ends = [...places.slice(1).map(([next]) => next.x), box.width.baseVal.value];
    return places.filter(([place], at) => place.x + place.width > ends[at]).map(([, said]) => said);
  });
})"""
"""The texts in boxes that, in some font, reach into the next one in their line, or out of their box."""


@pytest.fixture(scope="module")
def served_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    """A served control plane with hostile names wherever somebody can give one, and its folder."""
    folder = tmp_path_factory.mktemp("plane")
    with closing(ControlPlane(SQLiteStore(str(folder)))) as made:
        fill(Caller(made))
    with served(folder / FILE) as plane:
        yield plane, folder


@pytest.fixture
def plane(served_plane: tuple[Served, Path]) -> Served:
    """The same with a client of the test's own, as one client can only sign in so often."""
    plane, folder = served_plane
    with closing(ControlPlane(SQLiteStore(str(folder)))) as store:
        id_, secret = store.clients.add(["provision.read"])
    return replace(plane, client_id=id_, client_secret=secret)


def fill(api: Caller) -> None:
    movies = api.space("Movies", "root")
    paths = {f"/{number}": {"get": operation(name)} for number, name in enumerate(NAMES)}
    api.specification(movies["id"], document(paths), endpoint="https://movies.example/api", version=LONG)
    api.specification(movies["id"], {"openapi": MARKUP})
    for name in NAMES:
        space = api.space(name)
        schema = {"title": name, "description": name, "type": "object"}
        api("POST", f"/provision/neural/spaces/{space['id']}/classes", {"class": {"schema": schema}})
        bridge = {"bridge": {"target_space_id": movies["id"]}}
        api("POST", f"/provision/neural/spaces/{space['id']}/bridges", bridge)


def large(folder: Path) -> None:
    """40 spaces, 60 bridges, 500 actions."""
    with closing(ControlPlane(SQLiteStore(str(folder)))) as made:
        api = Caller(made)
        spaces = [api.space(f"Space {number}")["id"] for number in range(40)]
        for number in range(60):
            path = f"/provision/neural/spaces/{spaces[number % 40]}/bridges"
            api("POST", path, {"bridge": {"target_space_id": spaces[number * 7 % 39]}})
        for space in spaces[:20]:
            paths = {f"/{number}": {"get": operation(f"operation-{number}")} for number in range(25)}
            api.specification(space, document(paths))


def sign_in(page: Page, plane: Served, secret: str = "") -> None:
    page.get_by_label("Client id").fill(plane.client_id)
    page.get_by_label("Client secret").fill(secret or plane.client_secret)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()


def check_that_it_fits_when_asked(page: Page) -> None:
    fits = "picture => picture.scrollWidth <= picture.clientWidth && picture.clientHeight <= innerHeight"
    picture = page.locator(".picture")
    assert not picture.evaluate(fits)
    page.get_by_label("Fit it to the window").check()
    assert picture.evaluate(fits)
    take_picture(page, "tama-large-fitted")
    check_width(page)


def test_every_page_is_readable_in_every_look_whatever_names_hold(
    open_page: OpenPage, plane: Served, look: Look
) -> None:
    page = open_page(plane.url, look)
    check(page, "tama-sign-in")
    sign_in(page, plane)
    check(page, "tama-picture")
    for font in ("monospace", "sans-serif"):
        assert page.locator("svg.tama svg").evaluate_all(COLLISIONS, font) == []
    with page.expect_navigation():
        page.get_by_role("link", name="Objects").click()
    check(page, "tama-objects")
    with page.expect_navigation():
        page.get_by_role("link", name="W" * 20).first.click()
    check(page, "tama-object")
    assert page.title().endswith("… · Tama")


def test_a_wrong_secret_is_told_and_the_right_one_leads_on(open_page: OpenPage, plane: Served) -> None:
    page = open_page(f"{plane.url}/objects?q=Movies")
    sign_in(page, plane, "wrong")
    expect(page.get_by_role("alert")).to_have_text("The client is not known, or its secret is wrong.")
    check(page, "tama-wrong-secret")
    sign_in(page, plane)
    expect(page.get_by_role("heading", level=1)).to_have_text("Objects")
    assert page.get_by_role("searchbox").input_value() == "Movies"


def test_an_object_is_opened_from_the_picture_and_found_in_it_again(open_page: OpenPage, plane: Served) -> None:
    page = open_page(plane.url)
    sign_in(page, plane)
    page.locator("text.space", has_text="Movies").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Movies")
    page.get_by_role("link", name=f"{MARKUP} → Movies").click()
    page.get_by_role("link", name=MARKUP, exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(MARKUP)
    page.get_by_role("link", name="In the picture").click()
    expect(page.locator(":target")).to_have_text(f"{MARKUP}component")


def test_texts_of_the_picture_can_be_selected(open_page: OpenPage, plane: Served) -> None:
    page = open_page(plane.url)
    sign_in(page, plane)
    selected = page.locator("text.space", has_text="Movies").evaluate(
        "text => { getSelection().selectAllChildren(text); return getSelection().toString(); }"
    )
    assert selected == "Movies"


def test_without_a_mouse_and_without_javascript_all_of_it_can_be_used(open_page: OpenPage, plane: Served) -> None:
    page = open_page(plane.url, javascript=False)
    page.get_by_label("Client id").focus()
    page.keyboard.type(plane.client_id)
    page.keyboard.press("Tab")
    page.keyboard.type(plane.client_secret)
    page.keyboard.press("Enter")
    page.wait_for_selector("svg.tama")
    movies = page.get_by_role("link", name="Movies root")
    tab_to(page, movies)
    assert movies.locator("rect").evaluate("box => getComputedStyle(box).strokeWidth") == "3px", "the focus is seen"
    take_picture(page, "tama-focus")
    page.keyboard.press("Enter")
    page.wait_for_url("**/objects/*")
    tab_to(page, page.get_by_role("button", name="Sign out"))
    page.keyboard.press("Enter")
    page.wait_for_selector("#client_secret")


def test_who_has_signed_out_finds_nothing_behind_the_back_button(open_page: OpenPage, plane: Served) -> None:
    page = open_page(plane.url)
    sign_in(page, plane)
    page.get_by_role("link", name="Objects").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Objects")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_picture_draws_itself_anew_only_where_somebody_asks_for_it(open_page: OpenPage, plane: Served) -> None:
    page = open_page(plane.url)
    sign_in(page, plane)
    page.get_by_role("link", name="10 s").click()
    expect(page.get_by_text("It is drawn anew every 10 s.")).to_have_count(1)
    check_width(page)
    page.get_by_role("link", name="Stop").click()
    expect(page.get_by_text("It is drawn anew every")).to_have_count(0)


def test_a_large_control_plane_is_drawn_whole_and_each_object_leads_to_its_page(
    open_page: OpenPage, tmp_path: Path
) -> None:
    large(tmp_path)
    with served(tmp_path / FILE) as plane:
        page = open_page(plane.url)
        sign_in(page, plane)
        take_picture(page, "tama-large")
        check_width(page)
        check_that_it_fits_when_asked(page)
        links = page.locator("svg.tama a")
        assert (
            links.count() == len(set(links.evaluate_all("all => all.map(a => a.href.baseVal)"))) == 40 + 60 + 20 + 500
        )

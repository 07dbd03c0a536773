import pytest
from hypothesis import given
from hypothesis import strategies as st
from langcodes import Language

from service.personalization.preferences import languages as module
from service.personalization.preferences.languages import Languages
from service.personalization.preferences.regions import Regions

LANGUAGES = Languages(Regions())


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("en-us", "en-US"),
        ("en_US", "en-US"),
        ("pt_br", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("eng", "en"),
        ("iw", "he"),
        ("en-UK", "en-GB"),
        ("en-Latn-US", "en-US"),
        ("es-419", "es-419"),
        ("i-klingon", "tlh"),
        ("de-1996", "de-1996"),
        ("en-u-ca-buddhist", "en-u-ca-buddhist"),
    ],
)
def test_a_tag_gets_its_normal_form(text: str, tag: str) -> None:
    assert LANGUAGES.tag(text) == tag


@pytest.mark.parametrize(
    "text",
    [
        "English",
        "xx",
        "jp",
        "und",
        "mul",
        "zxx",
        "root",
        "x-mine",
        "qaa",
        "en-XQ-foo",
        "C",
        "en_US.UTF-8",
        "",
        "-",
        "en us",
    ],
)
def test_what_names_no_language_is_no_tag(text: str) -> None:
    assert LANGUAGES.tag(text) is None


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("English", ["en"]),
        ("english", ["en"]),
        ("Brazilian Portuguese", ["pt-BR"]),
        ("Simplified Chinese", ["zh-Hans"]),
        ("English (US)", ["en-US"]),
        ("Spanish, Mexico", ["es-MX"]),
        ("Farsi", ["fa"]),
        ("Englsh", ["en"]),
        ("jp", ["ja"]),
        ("Japan", ["ja"]),
        ("Switzerland", ["de", "fr", "it"]),
        ("Elvish", []),
    ],
)
def test_the_tags_of_what_was_sent_are_found(text: str, tags: list[str]) -> None:
    assert list(LANGUAGES.like(text)) == tags


@given(st.text(max_size=64) | st.from_regex(r"[a-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,4}", fullmatch=True))
def test_a_normal_form_stays_what_it_is(text: str) -> None:
    tag = LANGUAGES.tag(text)
    if tag is not None:
        assert LANGUAGES.tag(tag) == tag
    assert all(LANGUAGES.tag(found) == found for found in LANGUAGES.like(text))


def test_callers_cannot_fill_the_memory_with_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CACHED_TAGS", 50)
    for number in range(1_000):
        LANGUAGES.tag(f"en-x-{number}")
    assert len(Language._PARSE_CACHE) < 60
    assert len(Language._INSTANCES) < 60

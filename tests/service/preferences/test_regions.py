import pytest

from service.personalization.preferences.regions import _COMMON, Regions


@pytest.fixture(scope="module")
def regions() -> Regions:
    return Regions()


def test_every_region_is_known_by_its_code_and_by_the_name_that_is_shown(regions: Regions) -> None:
    assert len(regions.codes) == 249
    for code in regions.codes:
        assert regions.known_as(code) == regions.known_as(regions.name(code)) == (code,)


def test_every_common_name_is_the_name_of_one_region(regions: Regions) -> None:
    assert _COMMON.keys() <= {*regions.codes}
    for code, names in _COMMON.items():
        for name in names:
            assert regions.known_as(name) == (code,), name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # Codes of other kinds, and codes that were replaced.
        ("br", "BR"),
        ("BRA", "BR"),
        ("076", "BR"),
        ("UK", "GB"),
        ("U.K.", "GB"),
        ("TP", "TL"),
        ("ST", "ST"),
        ("AND", "AD"),
        # Common names.
        ("Turkey", "TR"),
        ("Türkiye", "TR"),
        ("Turkiye", "TR"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("the United States", "US"),
        ("United States of America", "US"),
        ("Great Britain", "GB"),
        ("England", "GB"),
        ("Holland", "NL"),
        ("The Netherlands", "NL"),
        ("Russia", "RU"),
        ("South Korea", "KR"),
        ("North Korea", "KP"),
        ("DR Congo", "CD"),
        ("Congo-Brazzaville", "CG"),
        ("Czech Republic", "CZ"),
        ("Ivory Coast", "CI"),
        ("Cote d'Ivoire", "CI"),
        ("Burma", "MM"),
        ("Hong Kong", "HK"),
        ("Vatican", "VA"),
        ("St Lucia", "LC"),
        ("Saint Kitts and Nevis", "KN"),
        ("Trinidad & Tobago", "TT"),
        # The names of ISO 3166-1, in both of their forms.
        ("Korea, Republic of", "KR"),
        ("Korea (the Republic of)", "KR"),
        ("Congo (the Democratic Republic of the)", "CD"),
        ("Iran (Islamic Republic of)", "IR"),
        ("Bolivia (Plurinational State of)", "BO"),
        ("Tanzania, the United Republic of", "TZ"),
        ("Russian Federation (the)", "RU"),
        # A name of its own comes before the longer names that hold it.
        ("Guinea", "GN"),
        ("Samoa", "WS"),
        ("Sudan", "SD"),
        ("Niger", "NE"),
        ("Dominica", "DM"),
        ("Ireland", "IE"),
        ("Georgia", "GE"),
    ],
)
def test_a_name_or_code_without_doubt_is_known(regions: Regions, text: str, code: str) -> None:
    assert tuple(regions.known_as(text)) == (code,)
    assert tuple(regions.known_as(text.upper())) == (code,)


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        ("Congo", {"CD", "CG"}),
        ("Korea", {"KP", "KR"}),
        ("Virgin Islands", {"VG", "VI"}),
        ("Germny", {"DE"}),
        ("Philipines", {"PH"}),
        ("Timor", {"TL"}),
    ],
)
def test_what_is_in_doubt_is_not_known_but_found(regions: Regions, text: str, likely: set[str]) -> None:
    assert not regions.known_as(text)
    assert set(regions.like(text)) == likely


def test_a_code_that_fell_apart_stands_for_all_that_came_of_it(regions: Regions) -> None:
    assert set(regions.known_as("AN")) == {"BQ", "CW", "SX"}


@pytest.mark.parametrize(
    "text", ["Saint", "Europe", "EU", "XK", "Kosovo", "ZZ", "Atlantis", "the", "…", "", "001", "419"]
)
def test_what_is_no_region_is_not_known(regions: Regions, text: str) -> None:
    assert not regions.known_as(text)

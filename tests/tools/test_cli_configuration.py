"""Reading Terraform's CLI configuration, as far as it can hide a mirror."""

from pathlib import Path

import pytest

from tools import cli_configuration

MIRROR = Path("/home/ada/.terraform.d/plugins")
ADDRESS = "registry.terraform.io/memovee/tama"

FINDS = {
    "empty": "",
    "without the block": 'plugin_cache_dir = "/cache" # provider_installation { direct {} }\n'
    'credentials "x" {\n token = "a{b"\n}',
    "mirror": f'provider_installation {{ filesystem_mirror {{ path = "{MIRROR}" }}\n direct {{}} }}',
    "mirror with a slash": f'provider_installation {{ filesystem_mirror {{ path = "{MIRROR}/" }} }}',
    "included": f'provider_installation {{ filesystem_mirror {{ path="{MIRROR}"\n include = ["a","memovee/*",] }}\n}}',
    "included by host": f'provider_installation {{ filesystem_mirror {{ path = "{MIRROR}"\n include = ["*/*/*"] }} }}',
    "second mirror": 'provider_installation { filesystem_mirror { path = "/other" }\n'
    f'/* the\n second */ filesystem_mirror {{ path = "{MIRROR}" }} }}',
    "override": 'provider_installation {\n dev_overrides {\n "memovee/tama" = "/bin"\n }\n direct {}\n}',
    "JSON": f'{{"provider_installation": {{"filesystem_mirror": [{{"path": "{MIRROR}"}}], "direct": [{{}}]}}}}',
    "JSON, second": '{"provider_installation": [{"filesystem_mirror": [{"path": "/other"},'
    f' {{"path": "{MIRROR}", "include": ["memovee/tama"]}}]}}]}}',
}
HIDES = {
    "empty block": "provider_installation {}",
    "direct": "provider_installation {\n direct {}\n}",
    "other mirror": 'provider_installation { filesystem_mirror { path = "/other" } }',
    "not included": f'provider_installation {{ filesystem_mirror {{ path = "{MIRROR}"\n include = ["other/*"] }} }}',
    "excluded": f'provider_installation {{ filesystem_mirror {{ path = "{MIRROR}"\n exclude = ["memovee/tama"] }} }}',
    "another host": f'provider_installation {{ filesystem_mirror {{ path = "{MIRROR}"\n include = ["a.b/*/*"] }} }}',
    "commented out": f'provider_installation {{\n # filesystem_mirror {{ path = "{MIRROR}" }}\n direct {{}} }}',
    "network mirror": 'provider_installation { network_mirror { url = "https://mirror.invalid/" } }',
    "override of another": 'provider_installation { dev_overrides { "a/b" = "/bin" }\n direct {} }',
    "JSON": '{"provider_installation": {"direct": {}}}',
}
BROKEN = ("provider_installation {", "a = [1", "a = ", "}", '"\\q" = 1', "provider_installation ]", "a=[" * 5000)


@pytest.mark.parametrize("text", FINDS.values(), ids=FINDS)
def test_a_configuration_that_leaves_the_mirror_in_sight_finds_it(text: str) -> None:
    assert cli_configuration.finds(text, MIRROR, ADDRESS)


@pytest.mark.parametrize("text", HIDES.values(), ids=HIDES)
def test_a_configuration_without_the_mirror_hides_it(text: str) -> None:
    assert not cli_configuration.finds(text, MIRROR, ADDRESS)


@pytest.mark.parametrize("text", BROKEN, ids=range(len(BROKEN)))
def test_what_cannot_be_read_is_one_kind_of_error(text: str) -> None:
    with pytest.raises(cli_configuration.UnreadableError):
        cli_configuration.finds(text, MIRROR, ADDRESS)


def test_the_home_folders_files_count_in_terraforms_order(tmp_path: Path) -> None:
    folder = tmp_path / ".terraform.d"
    folder.mkdir()
    for path in (tmp_path / ".terraformrc", folder / "b.tfrc", folder / "a.tfrc", folder / "c.tfrc.json", folder / "x"):
        path.touch()
    names = [path.name for path in cli_configuration.files({}, tmp_path)]
    assert names == [".terraformrc", "a.tfrc", "b.tfrc", "c.tfrc.json"]


@pytest.mark.parametrize("variable", ["TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG"])
def test_a_named_file_replaces_the_home_folders_even_when_it_is_missing(tmp_path: Path, variable: str) -> None:
    (tmp_path / ".terraformrc").touch()
    named = tmp_path / "named"
    assert cli_configuration.files({variable: str(named)}, tmp_path) == []
    named.touch()
    assert cli_configuration.files({variable: str(named)}, tmp_path) == [named]


def test_a_file_that_cannot_be_looked_at_is_left_out(tmp_path: Path) -> None:
    assert cli_configuration.files({"TF_CLI_CONFIG_FILE": f"/{'x' * 300}"}, tmp_path) == []

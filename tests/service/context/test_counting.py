"""The counters, and how the tokenizer is found."""

import importlib
import importlib.util
import subprocess
import sys
from importlib.machinery import ModuleSpec

import pytest

from service.personalization.context.counting import Bytes, load_counter


@pytest.fixture
def unloaded() -> None:
    load_counter.cache_clear()


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("hello world", 2), ("<|endoftext|>", 7), ("a\n\n\nb", 3), (" " * 128, 1)]
)
def test_tokens_are_those_of_o200k_base(text: str, tokens: int) -> None:
    assert load_counter().count(text) == tokens


@pytest.mark.filterwarnings("ignore:open_binary is deprecated:DeprecationWarning")  # the package, about itself
def test_the_package_itself_counts_the_same() -> None:
    package = importlib.import_module("bpe_openai")

    encoding = package.get_encoding("o200k_base")
    for text in ("What kind of film?", "نص عربي 漢字 é\u202e", "x" * 1_000, "a  \n\t b\r\n", "'s 'LL 1234567 ~~~///"):
        assert load_counter().count(text) == len(encoding.encode_ordinary(text))


def test_bytes_are_those_of_utf_8() -> None:
    assert Bytes().count("aé漢👩") == 10


def test_without_the_package_bytes_are_counted(unloaded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(importlib.util, "find_spec", lambda _name: None)
        assert load_counter().name == "bytes"
    load_counter.cache_clear()
    assert load_counter().name == "o200k_base"


def test_a_package_without_its_tokenizer_is_an_error(unloaded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        empty = ModuleSpec("bpe_openai", None, is_package=True)
        patched.setattr(importlib.util, "find_spec", lambda _name: empty)
        with pytest.raises(ImportError, match="without its tokenizer"):
            load_counter()


def test_loading_leaves_the_package_with_its_tables_alone() -> None:
    program = (
        "import sys; from service.personalization.context.counting import load_counter;"
        "load_counter(); sys.exit('bpe_openai' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

"""Finding keys and passwords, and leaving everything else alone."""

import pytest

from automem.secrets import (
    REDACTED,
    find_secret,
    names_secret,
    redact,
    without_secrets,
)

KEYS = [
    "sk-proj-abcdefghijklmnop1234",
    "hf_abcdefghijklmnopqrstuv",
    "ghp_abcdefghijklmnopqrstuvwx",
    "AIzaSyabcdefghijklmnopqrstuvwx",
    "AKIAABCDEFGHIJKLMNOP",
    "xoxb-1234567890-abc",
    "Bearer abcdefgh.ijkl",
]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_in_a_text_is_replaced(key: str) -> None:
    assert redact(f"asked with {key}, refused") == f"asked with {REDACTED}, refused"


def test_a_password_in_an_address_is_replaced_and_the_address_stays() -> None:
    assert redact("http://me:pass@host:80/v1") == f"http://{REDACTED}@host:80/v1"


@pytest.mark.parametrize(
    "text", ["risk-averse play", "http://127.0.0.1:8000/v1", "max_tokens 4096"]
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "name", ["api_key", "token", "Authorization", "db-password", "client_secret"]
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert names_secret(name)


@pytest.mark.parametrize("name", ["api_key_env", "max_tokens", "key", "tokens", "monkey"])
def test_other_names_are_not_taken_for_secrets(name: str) -> None:
    assert not names_secret(name)


def test_secrets_are_found_in_nested_tables_and_lists() -> None:
    assert find_secret({"roles": {"default": {"api_key": "x"}}}) == "roles.default.api_key"
    assert find_secret({"a": [1, {"b": KEYS[0]}]}) == "a[1].b"
    assert find_secret({"a": {"api_key_env": "MY_KEY", "token": ""}, "b": [1.5, "c"]}) is None


def test_a_child_is_given_no_variable_that_may_hold_a_secret() -> None:
    environ = {
        "OPENAI_API_KEY": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "HF_TOKEN": "c",
        "GOOGLE_APPLICATION_CREDENTIALS": "d",
        "PGPASSWORD": "e",
        "ENGINE_AUTH": "f",
        "GITHUB_PAT": "g",
        "DB_PASS": "h",
        "PWD": "here",
        "PATH": "everywhere",
        "TOKENIZERS_PARALLELISM": "false",
        "XKB_KEYBOARD": "us",
        "HOME": "there",
    }
    kept = without_secrets(environ)
    assert kept.keys() == {"TOKENIZERS_PARALLELISM", "XKB_KEYBOARD", "HOME", "PWD", "PATH"}
    assert kept["HOME"] == "there"

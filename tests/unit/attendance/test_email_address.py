"""The addresses to which confirmations go, and how much of one is shown."""

from __future__ import annotations

from email.headerregistry import Address

import email_validator
import pytest
from email_validator import validate_email
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from chalicelib.attendance import email
from chalicelib.attendance.email import mask_email, parse_email
from chalicelib.attendance.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("hana@example.com", "hana@example.com"),
        ("  hana@example.com\n", "hana@example.com"),
        ("Hana@EXAMPLE.com", "Hana@example.com"),
        ("hana+meetup@mail.example.com", "hana+meetup@mail.example.com"),
        ("o'hana@example.com", "o'hana@example.com"),
        ("hana@예시.kr", "hana@xn--vv4b11d.kr"),
        ("hana@ｅｘａｍｐｌｅ.com", "hana@example.com"),
        ("ｈａｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "hana@example.com"),
        ("hana＠example。com", "hana@example.com"),
        ("\ufeffha\u200bna@exam\u00adple.com\u00a0", "hana@example.com"),
        ("\u202ahana@example.com\u202c", "hana@example.com"),
        ("mailto:hana@example.com", "hana@example.com"),
        ("Mailto:Hana.Kim@EXAMPLE.com", "Hana.Kim@example.com"),
        ("Hana Kim <hana@example.com>", "hana@example.com"),
        ('"Kim, Hana" <hana@example.com>;', "hana@example.com"),
        ("< hana@example.com >", "hana@example.com"),
        ("hana@example.com.", "hana@example.com"),
        ("hana@example.com,", "hana@example.com"),
    ],
)
def test_an_address_is_brought_into_its_normal_form(text: str, address: str) -> None:
    assert parse_email(text) == address
    assert Address(addr_spec=address).addr_spec == address  # as the mail's header will have it


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hana",
        "hana@",
        "@example.com",
        "hana@localhost",
        "hana@example",
        "hana@[127.0.0.1]",
        "hana@@example.com",
        "hana@exa mple.com",
        "Hana <hana@example.com> <duri@example.com>",
        "mailto:hana@example.com?subject=Hi",
        "hana@example.com, duri@example.com",
        "hana@example.com\r\nBcc: duri@example.com",
        "hana@example.com\x00",
        "하나@example.com",
        "\ud800@example.com",
        "hana@\ud800.com",
        "hana@" + "a" * 64 + ".com",
        "a" * 243 + "@example.com",
        "a" * 100_000,
    ],
)
def test_an_address_that_mail_servers_would_refuse_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_email(text)
    assert refusal.value.field == "email"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hana@example.com; duri@example.com", "more than one address"),
        ("hana@example.com\nduri@example.com", "more than one address"),
        ("Hana <hana@example.com>, Duri <duri@example.com>", "more than one address"),
        ("없음", "not an e-mail address (no @ in it)"),
        ("hana@@example.com", "not an e-mail address (more than one @)"),
        ("hana @example.com", "not an e-mail address (a space in it)"),
        ("@example.com", "not an e-mail address (nothing before the @)"),
        ("hana@example", "not an e-mail address (no complete domain after the @)"),
        ("hana..kim@docomo.ne.jp", "dots before the @ that mail servers refuse"),
        ("hana.@ezweb.ne.jp", "dots before the @ that mail servers refuse"),
        (".hana@ezweb.ne.jp", "dots before the @ that mail servers refuse"),
        ("hana@example,com", "not an e-mail address (no complete domain after the @)"),
        ("hana@example..com", "not an e-mail address"),
    ],
)
def test_a_refusal_says_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_email(text)
    assert refusal.value.problem == problem


# Addresses of what plain ones are made of, right and wrong.
_WORDS = st.lists(st.sampled_from(["a", "Hana", "0", "x9", "_", "kim", "b" * 20]), min_size=1)


@given(
    _WORDS, st.sampled_from(".+-"), _WORDS, st.sampled_from(".-"), st.sampled_from(["com", "kr"])
)
@settings(deadline=None)
@example(["a" * 50], ".", ["example"], ".", "com")
@example(["a"], ".", ["b" * 60], ".", "kr")
def test_the_library_leaves_a_plain_address_unchanged(
    local: list[str], between: str, labels: list[str], joint: str, country: str
) -> None:
    address = f"{between.join(local)}@{joint.join(labels)}.{country}"
    assume(len(address) <= email._LONGEST_PLAIN and email._PLAIN.fullmatch(address))
    valid = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    assert valid.ascii_email == address


@pytest.mark.parametrize("domain", email_validator.SPECIAL_USE_DOMAIN_NAMES)
def test_no_plain_address_has_a_reserved_domain(domain: str) -> None:
    for address in (f"hana@{domain}", f"hana@example.{domain}"):
        with pytest.raises(InvalidRequest):
            parse_email(address)


def test_a_refusal_does_not_repeat_the_address() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_email("hana@localhost")
    assert "hana" not in str(refusal.value)


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("hana@example.com", "h***@example.com"),
        ("h@example.com", "h***@example.com"),
        ('"a@b"@example.com', '"***@example.com'),
    ],
)
def test_of_an_address_only_the_first_letter_and_the_domain_are_shown(
    address: str, masked: str
) -> None:
    assert mask_email(address) == masked

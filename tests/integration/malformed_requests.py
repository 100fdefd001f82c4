"""Malformed requests: some written by hand, the others generated from a fixed seed.

None of them may check anybody in. A body that is understood lacks something: a walk-in has no
name, or nobody knows an address.
"""

from __future__ import annotations

import json
import random
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

STRANGER = "010-0000-0002"  # on no roster
CHECK_INS = b"/events/0211ABC/check-ins"


@dataclass(frozen=True)
class Malformed:
    """`raw` is sent as is; `ends` closes the sending side afterwards."""

    name: str
    raw: bytes
    ends: bool = False


def request(
    body: bytes = b"",
    *headers: bytes,
    method: bytes = b"POST",
    path: bytes = CHECK_INS,
    version: bytes = b"HTTP/1.1",
) -> bytes:
    """Build a request; `headers` extend or replace the required ones."""
    lines = [b"%s %s %s" % (method, path, version), b"Host: 127.0.0.1", b"Connection: close"]
    given = b"\n".join(headers).lower()
    if b"content-length" not in given and body:
        lines.append(b"Content-Length: %d" % len(body))
    if b"content-type" not in given and body:
        lines.append(b"Content-Type: application/json")
    return b"\r\n".join([*lines, *headers, b"", body])


WRONG_VALUES = [
    b"null", b"true", b"false", b"0", b"-1", b"1.5", b"1e400", b"-1e-400", b"NaN", b"-Infinity",
    b"9" * 4000, b"[]", b"{}", b"[[[]]]", b'{"phone": {}}', b'""', b'" "', b'"\\u0000"',
    b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u202e\\u2066"', b'"\\r\\nX-Header: 1"', b'"%00%ff"',
    b'"../../etc/passwd"', b'"<script>alert(1)</script>"', b'"\' OR 1=1 --"', b'"${jndi:ldap://x}"',
    b'"{{7*7}}"', b'"\xf0\x9f\x99\x82"', b'"\xed\xa0\x80"', b'"' + b"a" * 7000 + b'"',
    b'"' + b"\\u0000" * 1000 + b'"', b'"' + "하".encode() * 2000 + b'"',
]  # fmt: skip

UNREADABLE = [
    b"{", b"}", b"[", b'"', b"nonsense", b"'phone'", b'{"phone":', b'{"phone": "010', b"{phone: 1}",
    b"{'phone': 1}", b'{"phone": 1,}', b'{"phone": 1} {}', b"// {}", b"\x00", b"\xff\xfe",
    b"\xfe\xff\x00{", b'{"phone": "\xc3"}', b'{"phone": "\xed\x95"}', b'{"phone": "\xff"}',
    b"null", b"true", b"1", b"NaN", b"[]", b'"text"', b"[" * 4000, b'{"a":' * 1500, b"1" * 5000,
    b"\x1f\x8b\x08\x00\x00\x00", b"\xef\xbb\xbf{}", "{}".encode("utf-16"), "{}".encode("utf-32"),
    b'{"phone": "1", "phone": 2}', b'{"\\ud800": 1}', b"phone=010-0000-0002", b" " * 8192,
    b" " * 8193, b"a" * 100_000,
]  # fmt: skip

CONTENT_LENGTHS = [
    b"-1", b"nonsense", b"", b" ", b"1e3", b"0x10", b"1.0", b"10, 10", b"\xb2", b"\xd9\xa1",
    b"99999999999999999999999", b"9" * 5000, b"1", b"100000", b"10485761", b"\x00",
]  # fmt: skip

CONTENT_TYPES = [
    b"", b"text/plain", b"text/html; charset=utf-8", b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x", b"application/xml", b"application/jsonp", b"json",
    b"image/png", b"application/octet-stream", b"application/json\x00", b"\xff\xfe", b"a" * 10_000,
    b"application/json; charset=utf-7", b"*/*",
]  # fmt: skip

AUTHORIZATIONS = [
    b"", b"Bearer", b"Bearer ", b"Bearer \xff\xfe\x00", b"Basic Og==", b"Basic \xed\x82\xa4",
    b"Bearer " + b"a" * 10_000, b"Negotiate x", b"\x00", "Bearer 키".encode(), b"Digest a=\"\\\"",
]  # fmt: skip

LANGUAGES = [
    b"", b"*", b";;;,,,", b"ko;q=", b"ko;q=nan,en;q=inf", b"ko;q=1e999", b"\xff\xfe", b"ko\x00",
    "한국어".encode(), b"ko," * 5000, b"a" * 20_000, b"ko;q=\xc2\xb2", b"en-" * 2000,
]  # fmt: skip

OTHER_HEADERS = [
    b"No colon", b": no name", b"Bad name: x", b"X: \x00\x01", b"X" * 70_000 + b": x",
    b"X: " + b"x" * 70_000, b"\r\n".join(b"X-%d: x" % number for number in range(200)),
    b"X: folded\r\n onto the next line", b"Transfer-Encoding: chunked", b"Content-Encoding: gzip",
    b"X-HTTP-Method-Override: DELETE", b"X-Forwarded-For: \xff", b"Accept: nonsense",
    b"Accept: image/png", b"Cookie: " + b"a=b;" * 5000, b"Range: bytes=5-1", b"Upgrade: websocket",
    b"If-None-Match: *", b"Origin: null", b"Host: evil.example.com",
]  # fmt: skip

PATHS = [
    b"/", b"//", b"///", b"/.", b"/..", b"/../../etc/passwd", b"/%2e%2e/%2e%2e/etc/passwd",
    b"/events", b"/events/", b"/events//", b"/events//check-ins", b"/events/../health",
    b"/events/%00", b"/events/%ff", b"/events/%", b"/events/%zz", b"/events/0211ABC%00",
    b"/events/0211ABC/", b"/events/0211ABC/..", b"/events/0211ABC;x", b"/events/0211ABC?x=%ff&&=",
    b"/events/0211ABC#x", b"/events/{event_code}", b"/events/\xff\xfe", "/events/행사".encode(),
    b"/events/\x00", b"/events/\x7f", b"/events/" + b"A" * 8000, b"/events/" + b"%41" * 8000,
    b"/" + b"a" * 70_000, b"/" + b"a/" * 5000, b"/health?" + b"a=b&" * 5000, b"/health/../health",
    b"/HEALTH", b"/health%20", b"/health?\xff", b"*", b"health", b"http://127.0.0.1/health",
    b"http://[::1/health", b"//[/health", b"/kiosk/", b"/kiosk/../app.py", b"/kiosk/%3Cscript%3E",
    b"/assets/", b"/assets/..", b"/assets/../kiosk.py", b"/assets/..%2f..%2fkiosk.py",
    b"/assets/%2e%2e%5ckiosk.py", b"/assets/kiosk.js%00.css", b"/assets/.js", b"/assets/\xff.js",
    b"/.env", b"/.git/config", b"/%5c%5cexample.com", b"/\\example.com", b"/a b",
]  # fmt: skip

METHODS = [
    b"get", b"PROPFIND", b"TRACE", b"CONNECT", b"BREW", b"G\x00T", b"G\xffT", b"M" * 5000, b"GET:",
    b"__class__", b"HEAD", b"OPTIONS", b"DELETE", b"PUT", b"PATCH", b"%47ET",
]  # fmt: skip

PROTOCOLS = [
    b"HTTP/9.9", b"HTTP/2.0", b"HTTP/1", b"HTTP/1.1.1", b"HTTP/-1.1", b"http/1.1",
    b"HTTP/" + b"1" * 5000, b"FTP/1.0", b"\xff", b"HTTP/1.0 HTTP/1.1",
]  # fmt: skip


def bodies() -> Iterator[Malformed]:
    for field in ("phone", "nonce", "name", "email", "no_email"):
        for number, value in enumerate(WRONG_VALUES):
            known = b"" if field == "phone" else b'"phone": "%s", ' % STRANGER.encode()
            body = b'{%s"%s": %s}' % (known, field.encode(), value)
            yield Malformed(f"{field} {number}", request(body))
    for number, body in enumerate(UNREADABLE):
        yield Malformed(f"unreadable {number}", request(body))
    yield from _mutations(random.Random(211))


def headers() -> Iterator[Malformed]:
    body = json.dumps({"phone": STRANGER}).encode()
    for kind, values in (
        (b"Content-Length", CONTENT_LENGTHS),
        (b"Content-Type", CONTENT_TYPES),
        (b"Authorization", AUTHORIZATIONS),
        (b"Accept-Language", LANGUAGES),
    ):
        for number, value in enumerate(values):
            header = b"%s: %s" % (kind, value)
            yield Malformed(f"{kind.decode()} {number}", request(body, header))
    for number, header in enumerate(OTHER_HEADERS):
        yield Malformed(f"header {number}", request(body, header))
    twice = (b"Content-Length: %d" % len(body), b"Content-Length: 5")
    yield Malformed("two lengths", request(body, *twice))
    yield Malformed("no length", request(body, b"X: content-length", b"Content-Type: text/json"))
    yield Malformed("ends early", request(body, b"Content-Length: 5000"), ends=True)
    yield Malformed("ends in the headers", request(body)[:60], ends=True)


def paths() -> Iterator[Malformed]:
    for number, path in enumerate(PATHS):
        yield Malformed(f"path {number}", request(method=b"GET", path=path))


def methods() -> Iterator[Malformed]:
    for number, method in enumerate(METHODS):
        yield Malformed(f"method {number}", request(b"{}", method=method))


def protocols() -> Iterator[Malformed]:
    for number, version in enumerate(PROTOCOLS):
        yield Malformed(f"protocol {number}", request(method=b"GET", version=version))
    yield Malformed("no version", b"POST /health\r\n\r\n", ends=True)
    yield Malformed("one word", b"nonsense\r\n\r\n", ends=True)
    yield Malformed("a line without end", b"a" * 70_000, ends=True)
    yield Malformed("bytes", bytes(range(1, 256)) + b"\r\n\r\n", ends=True)
    yield Malformed("TLS", _client_hello(), ends=True)


def _mutations(chance: random.Random) -> Iterator[Malformed]:
    """A valid body with bytes changed, removed and doubled; without a name it checks in nobody."""
    good = json.dumps({"phone": STRANGER, "nonce": "n1", "email": "duri@example.com"}).encode()
    for number in range(60):
        body = bytearray(good)
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(body))
            change = chance.choice(("set", "drop", "double", "cut"))
            if change == "set":
                body[place] = chance.randrange(256)
            elif change == "drop":
                del body[place]
            elif change == "double":
                body[place:place] = body[place : place + 8]
            else:
                del body[place + 1 :]
        yield Malformed(f"mutation {number}", request(bytes(body)))


def _client_hello() -> bytes:
    """The first bytes that a browser sends to an https address."""
    sent = ssl.MemoryBIO()
    talk = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), sent, server_hostname="localhost")
    try:
        talk.do_handshake()
    except ssl.SSLWantReadError:
        return sent.read()
    raise AssertionError("a handshake with nobody")

"""What an attendee and a queue meet at the kiosk."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from kiosk_page import (
    ALREADY,
    CHECKED_IN,
    EVENT,
    Answer,
    KioskPage,
    StandIn,
    disconnect,
    problem,
    raw,
    reply,
)
from playwright.sync_api import Browser, expect
from writings import WRITINGS

from chalicelib.attendance.phone import parse_phone

pytestmark = pytest.mark.full

NUMBER = "01000001234"
NEXT_NUMBER = "01000005678"
ENGLISH = EVENT | {"locale": "en", "name": "Python Meetup February"}
STAFFED = EVENT | {"self_check_in": False}
PAGE_SIZE = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"


@pytest.fixture
def server() -> StandIn:
    return StandIn()


@pytest.fixture
def kiosk(browser: Browser, server: StandIn) -> Iterator[KioskPage]:
    """A tablet, set to another zone and language than the event, that must end without a fault."""
    context = browser.new_context(
        viewport={"width": 1024, "height": 768},
        timezone_id="America/New_York",
        locale="en-US",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    tablet = KioskPage(page, server)
    yield tablet
    server.release()
    context.close()
    assert tablet.faults == []
    assert server.strayed == []


# ---- Idle ----------------------------------------------------------------------------------


def test_idle_names_the_event_and_its_time_in_the_events_zone(kiosk: KioskPage) -> None:
    kiosk.open()
    panel = kiosk.page.locator(".event")
    for text in (EVENT["name"], EVENT["organization"], EVENT["venue"], "2월 11일 (수) 오후 7:00"):
        expect(panel).to_contain_text(str(text))
    expect(kiosk.page).to_have_title("파이썬 밋업 2월 체크인")
    expect(kiosk.page.locator("html")).to_have_attribute("lang", "ko")
    kiosk.can_take_a_number()


def test_the_tablets_own_keyboard_and_its_suggestions_stay_away(kiosk: KioskPage) -> None:
    kiosk.open()
    expect(kiosk.phone).to_have_attribute("inputmode", "none")
    expect(kiosk.phone).to_have_attribute("autocomplete", "off")


def test_idle_fits_the_screen_with_large_keys(kiosk: KioskPage) -> None:
    kiosk.open()
    for width, height in ((390, 844), (1024, 768), (768, 1024), (360, 640)):
        kiosk.page.set_viewport_size({"width": width, "height": height})
        assert kiosk.page.evaluate("document.documentElement.scrollHeight") <= height
        assert kiosk.page.evaluate("document.documentElement.scrollWidth") <= width
        for selector, smallest in ((".keypad button, .primary", 48), ("[data-language]", 44)):
            boxes = kiosk.page.locator(f"{selector} >> visible=true").evaluate_all(
                "all => all.map(one => one.getBoundingClientRect().toJSON())"
            )
            assert boxes
            for box in boxes:
                assert min(box["width"], box["height"]) >= smallest
                assert min(box["left"], box["top"]) >= 0
                assert box["right"] <= width
                assert box["bottom"] <= height


def test_long_names_do_not_push_the_button_off_a_small_screen(
    kiosk: KioskPage, server: StandIn
) -> None:
    long = {"name": "파이썬 정기 밋업 " * 8, "organization": "Example Python User Group " * 4}
    server.event = reply(EVENT | long)
    kiosk.open()
    for width, height in ((320, 568), (360, 640), (844, 390)):
        kiosk.page.set_viewport_size({"width": width, "height": height})
        assert kiosk.page.evaluate(PAGE_SIZE) == [width, height]
        expect(kiosk.page.locator(".entry .primary")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(
    "answer",
    [
        reply(CHECKED_IN, 201),
        reply(ALREADY),
        problem(404, "not_registered"),
        problem(422, "invalid_phone"),
        problem(415, "unsupported_media_type"),
        disconnect,
    ],
    ids=["welcome", "already", "not_registered", "invalid", "refused", "unreachable"],
)
def test_an_answer_fits_a_phone_that_lies_on_its_side(
    kiosk: KioskPage, server: StandIn, answer: Answer
) -> None:
    server.answers = [answer]
    kiosk.page.set_viewport_size({"width": 844, "height": 390})
    kiosk.open()
    kiosk.check_in()
    expect(kiosk.page.locator("[data-kind=result], [data-state=unreachable]")).to_be_visible()
    assert kiosk.page.evaluate(PAGE_SIZE) == [844, 390]


def test_both_languages_say_the_same_things(kiosk: KioskPage) -> None:
    kiosk.open()
    keys_and_blanks = """language => import('../assets/kiosk-words.js').then(({ WORDS }) => {
      const flat = (words, path) => Object.entries(words).flatMap(([name, said]) =>
        typeof said === 'string'
          ? [`${path}.${name} ${(said.match(/{\\w+}/g) ?? []).sort()}`]
          : flat(said, `${path}.${name}`));
      return flat(WORDS[language], '');
    })"""
    assert kiosk.page.evaluate(keys_and_blanks, "ko") == kiosk.page.evaluate(keys_and_blanks, "en")


# ---- Typing --------------------------------------------------------------------------------


def test_a_number_is_grouped_while_it_is_typed(kiosk: KioskPage) -> None:
    kiosk.open()
    for typed, shown in {
        "0100": "010-0",
        "01000001234": "010-0000-1234",
        "0111234567": "011-123-4567",
        "0212345678": "02-1234-5678",
        "021234567": "02-123-4567",
        "+": "+",
        "+821000001234": "+82 10-0000-1234",
        "+12025550123": "+1 202 555 0123",
        "+85212345678": "+852 123 456 78",
        "010+1": "010-1",
        "00": "00",
        "00821000001234": "00 82 10-0000-1234",
        "0084901234567": "00 84 901 234 567",
    }.items():
        kiosk.type(typed)
        kiosk.holds(shown)
        kiosk.press("Escape")
        kiosk.holds("")


def test_the_keypad_enters_erases_and_clears(kiosk: KioskPage) -> None:
    kiosk.open()
    for key in "+8210":
        kiosk.tap(f"[data-key='{key}']")
    kiosk.holds("+82 10")
    kiosk.tap("[data-key=erase]")
    kiosk.holds("+82 1")
    expect(kiosk.phone).to_be_focused()
    kiosk.tap("#clear")
    kiosk.can_take_a_number()


def test_the_caret_stays_by_its_digit_and_backspace_never_meets_a_hyphen(kiosk: KioskPage) -> None:
    kiosk.open()
    kiosk.type(NUMBER)
    kiosk.press("Home", *["ArrowRight"] * 4)
    kiosk.press("Backspace")
    kiosk.holds("010-0001-234")
    caret = kiosk.page.evaluate("document.querySelector('#phone').selectionStart")
    assert caret == 2
    kiosk.type("9")
    kiosk.holds("019-0000-1234")


PASTE = """text => {
  const clipboardData = new DataTransfer();
  clipboardData.setData('text', text);
  document.activeElement.dispatchEvent(
    new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
}"""


def test_a_number_is_read_in_whatever_writing_it_is_pasted(kiosk: KioskPage) -> None:
    kiosk.open()
    for written in [*WRITINGS, "010-0000-0001\r\n"]:
        if written == "1000000001.0":
            continue  # a spreadsheet's; the page leaves it to the roster
        kiosk.page.evaluate(PASTE, written)
        shown = kiosk.phone.input_value()
        assert parse_phone(shown, "KR") == "+821000000001", written
        kiosk.press("Escape")
        kiosk.holds("")


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/01000001234",
        "010-0000-1234 ext. 5",
        "010-0000-12²4",
        "02-123-4567/8",
        "030/12345/12346",
        "02-123-4567〜8",
        "02-123-4567, 8",
        "02-123-4567\n8",
        "82+1000001234",
        "-1000001234",
        "100000123.0",
    ],
)
def test_what_is_not_one_number_is_not_pasted(kiosk: KioskPage, text: str) -> None:
    kiosk.open()
    kiosk.page.evaluate(PASTE, text)
    kiosk.holds("")
    expect(kiosk.page.locator("#hint")).to_have_text("전화번호만 넣을 수 있습니다.")


def test_keys_find_the_number_wherever_the_focus_is(kiosk: KioskPage) -> None:
    kiosk.open()
    kiosk.page.locator("[data-language=ko]").focus()
    kiosk.type("0100")
    kiosk.holds("010-0")
    kiosk.page.locator("[data-key='7']").focus()
    kiosk.press("Backspace")
    kiosk.holds("010")


def test_escape_clears_the_number_and_so_does_time(kiosk: KioskPage) -> None:
    kiosk.open()
    kiosk.type("0100")
    kiosk.press("Escape")
    kiosk.can_take_a_number()
    kiosk.type("010")
    kiosk.wait(20)
    kiosk.type("0")
    kiosk.wait(20)
    kiosk.holds("010-0")
    kiosk.wait(11)
    kiosk.can_take_a_number()


def test_half_a_number_and_one_that_is_too_long_are_not_sent(
    kiosk: KioskPage, server: StandIn
) -> None:
    kiosk.open()
    kiosk.check_in("01000")
    expect(kiosk.page.locator("#hint")).to_have_text("번호를 끝까지 입력해 주세요.")
    expect(kiosk.phone).to_have_attribute("aria-invalid", "true")
    kiosk.shows("idle")
    kiosk.press("Escape")
    expect(kiosk.phone).to_have_attribute("aria-invalid", "false")
    kiosk.check_in(NUMBER + NEXT_NUMBER)
    kiosk.shows("invalid")
    assert server.requests == []


# ---- Answers -------------------------------------------------------------------------------


def test_a_check_in_welcomes_by_name_and_says_where_the_mail_goes(
    kiosk: KioskPage, server: StandIn
) -> None:
    kiosk.open()
    kiosk.check_in()
    kiosk.shows("welcome")
    kiosk.says("김하나 님, 환영합니다")
    kiosk.says("h***@example.com")
    expect(kiosk.page.locator("#announcement")).to_contain_text("김하나 님, 환영합니다")
    [body] = server.bodies
    assert body.keys() == {"phone", "nonce"}
    assert body["phone"] == NUMBER
    assert re.fullmatch(r"[0-9a-f]{32}", body["nonce"])
    assert server.requests[0].headers["accept-language"] == "ko"
    assert "authorization" not in server.requests[0].headers
    assert kiosk.page.locator("#phone").input_value() == ""


def test_a_check_in_without_an_address_promises_no_mail(kiosk: KioskPage, server: StandIn) -> None:
    nowhere = {"confirmation": {"status": "no_address", "to": None}}
    server.answers = [reply(CHECKED_IN | nowhere, 201)]
    kiosk.open()
    kiosk.check_in()
    expect(kiosk.page.locator("#text")).to_have_text("체크인되었습니다.")


def test_a_second_check_in_tells_the_time_of_the_first_in_the_events_zone(
    kiosk: KioskPage, server: StandIn
) -> None:
    server.answers = [
        reply(ALREADY),
        reply(ALREADY | {"checked_at": "2026-02-10T09:41:00+00:00"}),
    ]
    kiosk.open()
    kiosk.check_in()
    kiosk.shows("already")
    kiosk.says("김하나 님은 오후 6:41에 체크인하셨습니다")
    kiosk.wait(5.1)
    kiosk.check_in()
    kiosk.says("2월 10일 오후 6:41")


def test_a_refusal_has_a_screen_of_its_own(kiosk: KioskPage, server: StandIn) -> None:
    kiosk.open()
    for answer, state, words in (
        (problem(404, "not_registered"), "not_registered", "명단에 없는 번호입니다"),
        (problem(422, "invalid_phone"), "invalid", "번호를 다시 확인해 주세요"),
        (problem(422, "invalid_request", field="phone"), "invalid", "번호를 다시 확인해 주세요"),
        (problem(415, "unsupported_media_type", detail="JSON만"), "refused", "JSON만"),
    ):
        server.answers = [answer]
        kiosk.check_in()
        kiosk.shows(state)
        kiosk.says(words)
        kiosk.wait(7.1)
        kiosk.can_take_a_number()


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (problem(404, "unknown_event"), "unknown_event", "0211ABC"),
        (problem(409, "closed"), "closed", "오후 9:00에 마감되었습니다"),
        (
            problem(409, "not_open", check_in_opens_at="2026-02-11T10:15:00+00:00"),
            "not_open",
            "오후 7:15부터",
        ),
    ],
)
def test_a_refusal_of_the_whole_event_stays_until_the_event_says_otherwise(
    kiosk: KioskPage, server: StandIn, answer: Answer, state: str, words: str
) -> None:
    server.answers = [answer]
    kiosk.open()
    kiosk.check_in()
    kiosk.shows(state)
    kiosk.says(words)
    kiosk.wait(31)
    kiosk.can_take_a_number()


def test_no_two_states_share_colour_or_sign_or_words(kiosk: KioskPage) -> None:
    kiosk.open()
    looks = """async () => {
      const { WORDS } = await import('../assets/kiosk-words.js');
      const source = await (await fetch('../assets/kiosk.js')).text();
      const rows = [...source.matchAll(/^  (\\w+): {.*sign: '(\\w+)'/gm)];
      return rows.map(([, state, sign]) => {
        document.body.dataset.state = state;
        const tone = getComputedStyle(document.body).getPropertyValue('--tone');
        return [state, tone, sign, WORDS.ko.states[state].title];
      });
    }"""
    rows = kiosk.page.evaluate(looks)
    alike = {"loading": "wait", "checking": "wait", "unloaded": "offline", "idle": "check"}
    told_apart = [row for row in rows if row[0] not in alike]
    assert len(rows) == 17
    for column in (1, 2, 3):
        assert len({row[column] for row in told_apart}) == len(told_apart)


# ---- Back to idle --------------------------------------------------------------------------


def test_a_result_returns_to_idle_by_itself_with_the_focus(kiosk: KioskPage) -> None:
    kiosk.open()
    kiosk.check_in()
    kiosk.shows("welcome")
    kiosk.wait(4.9)
    kiosk.shows("welcome")
    kiosk.wait(0.2)
    kiosk.can_take_a_number()


def test_a_tap_or_a_key_skips_the_wait(kiosk: KioskPage) -> None:
    kiosk.open()
    for skip in ("#title", "#next", "Enter", "Escape"):
        kiosk.check_in()
        kiosk.shows("welcome")
        kiosk.wait(1)
        if skip.startswith("#"):
            kiosk.page.locator(skip).click()
        else:
            kiosk.press(skip)
        kiosk.can_take_a_number()


def test_a_double_tap_sends_once_and_does_not_skip_the_result(
    kiosk: KioskPage, server: StandIn
) -> None:
    kiosk.open()
    kiosk.type(NUMBER)
    kiosk.wait(0.4)
    kiosk.page.locator(".entry .primary").dblclick()
    kiosk.shows("welcome")
    kiosk.page.locator("#title").click()
    kiosk.press("Enter")
    kiosk.shows("welcome")
    assert len(server.requests) == 1


def test_a_keypad_that_came_by_itself_takes_the_first_tap(kiosk: KioskPage) -> None:
    kiosk.open()
    kiosk.page.locator("[data-key='0']").click()
    kiosk.page.locator("[data-key='1']").click()
    kiosk.holds("01")


def test_the_second_half_of_a_double_tap_does_not_type_a_digit(kiosk: KioskPage) -> None:
    kiosk.open()
    kiosk.check_in()
    kiosk.shows("welcome")
    kiosk.wait(1)
    kiosk.page.locator("#title").click()
    kiosk.shows("idle")
    kiosk.page.locator("[data-key='0']").click()
    kiosk.holds("")


def test_enter_twice_sends_once(kiosk: KioskPage, server: StandIn) -> None:
    server.answers = [server.hold]
    kiosk.open()
    kiosk.check_in()
    kiosk.press("Enter", "Enter")
    kiosk.shows("checking")
    server.held[0].fulfill(status=201, json=CHECKED_IN)
    kiosk.shows("welcome")
    assert len(server.requests) == 1


def test_a_new_attendee_gets_a_new_nonce_and_the_events_language(
    kiosk: KioskPage, server: StandIn
) -> None:
    kiosk.open()
    kiosk.tap("[data-language=en]")
    kiosk.check_in()
    kiosk.says("Welcome, 김하나")
    kiosk.wait(5.1)
    expect(kiosk.page.locator("html")).to_have_attribute("lang", "ko")
    kiosk.check_in()
    kiosk.says("환영합니다")
    assert [request.headers["accept-language"] for request in server.requests] == ["en", "ko"]
    first, second = server.bodies
    assert first["nonce"] != second["nonce"]


def test_the_language_switch_changes_a_problem_too_and_keeps_the_place(
    kiosk: KioskPage, server: StandIn
) -> None:
    server.answers = [problem(422, "details_required")]
    kiosk.open()
    kiosk.check_in()
    kiosk.shows("details")
    kiosk.tap("#details .primary")
    said = kiosk.page.locator("#name-problem")
    expect(said).to_have_text("이름을 입력해 주세요.")
    expect(kiosk.page.locator("#name")).to_have_attribute("aria-invalid", "true")
    kiosk.tap("[data-language=en]")
    expect(said).not_to_have_text("이름을 입력해 주세요.")
    expect(said).not_to_be_empty()
    expect(kiosk.page.locator("#name")).to_be_focused()


def test_the_language_switch_changes_every_word_and_keeps_the_number(
    kiosk: KioskPage, server: StandIn
) -> None:
    server.event = reply(ENGLISH)
    kiosk.open()
    kiosk.type("0100")
    expect(kiosk.page.locator(".entry .primary")).to_have_text("Check in")
    kiosk.tap("[data-language=ko]")
    expect(kiosk.page.locator(".entry .primary")).to_have_text("체크인")
    expect(kiosk.page.locator("[data-language=ko]")).to_have_attribute("aria-pressed", "true")
    expect(kiosk.phone).to_be_focused()
    kiosk.holds("010-0")
    kiosk.wait(31)
    expect(kiosk.page.locator(".entry .primary")).to_have_text("Check in")


# ---- Scanners ------------------------------------------------------------------------------


def test_a_scanner_checks_in_and_its_next_scan_begins_the_next_attendee(
    kiosk: KioskPage, server: StandIn
) -> None:
    kiosk.open()
    kiosk.scan(NUMBER)
    kiosk.shows("welcome")
    kiosk.wait(1)
    kiosk.scan(NEXT_NUMBER)
    kiosk.shows("welcome")
    assert [body["phone"] for body in server.bodies] == [NUMBER, NEXT_NUMBER]


def test_digits_that_somebody_left_are_not_mixed_into_a_scan(
    kiosk: KioskPage, server: StandIn
) -> None:
    kiosk.open()
    kiosk.type("030")
    kiosk.wait(1)
    kiosk.scan(NUMBER)
    kiosk.shows("welcome")
    assert server.bodies[0]["phone"] == NUMBER


def test_a_scan_that_begins_while_another_is_checked_is_ignored_to_its_end(
    kiosk: KioskPage, server: StandIn
) -> None:
    server.answers = [server.hold, reply(CHECKED_IN, 201)]
    kiosk.open()
    kiosk.scan(NUMBER)
    kiosk.shows("checking")
    kiosk.page.keyboard.type(NEXT_NUMBER[:4])
    server.held[0].fulfill(status=201, json=CHECKED_IN)
    kiosk.shows("welcome")
    kiosk.scan(NEXT_NUMBER[4:])
    kiosk.wait(5.1)
    kiosk.can_take_a_number()
    assert len(server.requests) == 1
    kiosk.scan(NEXT_NUMBER)
    kiosk.shows("welcome")
    assert server.bodies[1]["phone"] == NEXT_NUMBER


def test_half_a_scan_is_not_used_where_the_kiosk_gets_ready_in_its_middle(
    kiosk: KioskPage, server: StandIn
) -> None:
    kiosk.open()
    kiosk.scan(NUMBER)
    kiosk.shows("welcome")
    kiosk.wait(0.7)  # a result is seen for 0.8 s, whatever comes
    kiosk.page.keyboard.type(NEXT_NUMBER[:4])
    kiosk.wait(0.2)
    kiosk.scan(NEXT_NUMBER[4:])
    kiosk.shows("welcome")
    kiosk.holds("")
    assert len(server.requests) == 1


def test_a_scanned_link_is_not_taken_for_a_number(kiosk: KioskPage, server: StandIn) -> None:
    kiosk.open()
    kiosk.scan("https://example.com/01000001234")
    kiosk.can_take_a_number()
    kiosk.scan("0211ABC01000001234")
    kiosk.can_take_a_number()
    assert server.requests == []


def test_a_scan_into_a_form_is_taken_out_again(kiosk: KioskPage, server: StandIn) -> None:
    server.answers = [problem(422, "details_required")]
    kiosk.open()
    kiosk.check_in()
    kiosk.shows("details")
    kiosk.type("Hana")
    kiosk.wait(1)
    kiosk.scan(NEXT_NUMBER)
    expect(kiosk.page.locator("#name")).to_have_value("Hana")
    kiosk.shows("details")
    kiosk.page.locator("#without-email").focus()
    kiosk.scan(NEXT_NUMBER)
    kiosk.shows("details")
    assert len(server.requests) == 1


# ---- Forms ---------------------------------------------------------------------------------


def test_a_walk_in_registers_with_name_and_address(kiosk: KioskPage, server: StandIn) -> None:
    server.answers = [problem(422, "details_required"), reply(CHECKED_IN, 201)]
    kiosk.open()
    kiosk.check_in()
    kiosk.shows("details")
    expect(kiosk.page.locator("#name")).to_be_focused()
    kiosk.tap("#details .primary")
    expect(kiosk.page.locator("#name-problem")).to_have_text("이름을 입력해 주세요.")
    kiosk.page.locator("#name").fill("김하나")
    kiosk.page.locator("#email").fill("hana@")
    kiosk.tap("#details .primary")
    expect(kiosk.page.locator("#email-problem")).to_have_text("이메일 주소를 다시 확인해 주세요.")
    kiosk.page.locator("#email").fill("hana@example.com")
    kiosk.tap("#details .primary")
    kiosk.shows("welcome")
    first, second = server.bodies
    assert second == first | {"name": "김하나", "email": "hana@example.com"}
    kiosk.wait(5.1)
    expect(kiosk.page.locator("#name")).to_have_value("")
    expect(kiosk.page.locator("#email")).to_have_value("")


def test_an_attendee_without_an_address_can_continue(kiosk: KioskPage, server: StandIn) -> None:
    server.answers = [problem(422, "email_required"), reply(CHECKED_IN, 201)]
    kiosk.open()
    kiosk.check_in()
    kiosk.shows("address")
    expect(kiosk.page.locator("#email")).to_be_focused()
    expect(kiosk.page.locator("#name")).to_be_hidden()
    kiosk.tap("#without-email")
    kiosk.shows("welcome")
    first, second = server.bodies
    assert second == first | {"no_email": True}


def test_a_refused_address_is_asked_for_again_in_the_servers_words(
    kiosk: KioskPage, server: StandIn
) -> None:
    refused = problem(422, "invalid_request", field="email", detail="받을 수 없는 주소입니다.")
    server.answers = [problem(422, "details_required"), refused]
    kiosk.open()
    kiosk.check_in()
    kiosk.page.locator("#name").fill("김하나")
    kiosk.page.locator("#email").fill("hana@example.com")
    kiosk.tap("#details .primary")
    expect(kiosk.page.locator("#email-problem")).to_have_text("받을 수 없는 주소입니다.")
    expect(kiosk.page.locator("#email")).to_have_attribute("aria-invalid", "true")
    expect(kiosk.page.locator("#name")).to_have_value("김하나")
    expect(kiosk.page.locator("#email")).to_be_focused()


def test_a_form_that_is_left_forgets_what_was_in_it(kiosk: KioskPage, server: StandIn) -> None:
    server.answers = [problem(422, "details_required")]
    kiosk.open()
    leaves: list[Callable[[], None]] = [
        lambda: kiosk.press("Escape"),
        lambda: kiosk.tap("#leave"),
        lambda: kiosk.wait(60.1),
    ]
    for leave in leaves:
        kiosk.check_in()
        kiosk.shows("details")
        kiosk.wait(50)
        kiosk.type("Hana")  # a sign of life: the minute begins anew
        kiosk.wait(50)
        expect(kiosk.page.locator("#name")).to_have_value("Hana")
        leave()
        kiosk.can_take_a_number()
        expect(kiosk.page.locator("#name")).to_have_value("")


# ---- The network ---------------------------------------------------------------------------


def test_a_failed_try_is_repeated_with_the_same_nonce(kiosk: KioskPage, server: StandIn) -> None:
    server.answers = [disconnect, disconnect, reply(CHECKED_IN, 201)]
    kiosk.open()
    kiosk.check_in()
    kiosk.shows("unreachable")
    kiosk.says("끝자리 1234")
    with kiosk.page.expect_request("**/check-ins"):
        kiosk.wait(2.1)
    kiosk.shows("unreachable")
    kiosk.tap("#retry")
    kiosk.shows("welcome")
    first, *others = server.bodies
    assert others == [first, first]


def test_a_foreign_answer_counts_as_no_answer(kiosk: KioskPage, server: StandIn) -> None:
    kiosk.open()
    for odd in (
        raw("<html>Log in to the Wi-Fi</html>"),
        raw('{"status": "checked_in", "na'),
        raw("null"),
        reply({"status": "ok"}),
        reply({"message": "Forbidden"}, 403),
        reply({"message": None}, 429),
        reply({"message": "Internal server error"}, 502),
        problem(503, "storage_unavailable"),
    ):
        server.answers = [odd]
        kiosk.check_in()
        kiosk.shows("unreachable")
        kiosk.press("Escape")
        kiosk.can_take_a_number()


def test_a_try_without_a_reply_ends_after_eight_seconds(kiosk: KioskPage, server: StandIn) -> None:
    server.answers = [server.hold, reply(CHECKED_IN, 201)]
    kiosk.open()
    kiosk.check_in()
    kiosk.wait(7.8)
    kiosk.shows("checking")
    kiosk.wait(0.4)
    kiosk.shows("unreachable")
    kiosk.wait(2.1)
    kiosk.shows("welcome")
    assert server.bodies[0] == server.bodies[1]


def test_retry_after_is_respected(kiosk: KioskPage, server: StandIn) -> None:
    server.answers = [reply({}, 429, retry_after="20"), reply(CHECKED_IN, 201)]
    kiosk.open()
    kiosk.check_in()
    kiosk.shows("unreachable")
    kiosk.wait(19)
    assert len(server.requests) == 1
    kiosk.wait(1.1)
    kiosk.shows("welcome")


def test_cancel_frees_the_kiosk_and_a_late_answer_changes_nothing(
    kiosk: KioskPage, server: StandIn
) -> None:
    server.answers = [disconnect, server.hold]
    kiosk.open()
    kiosk.check_in()
    kiosk.shows("unreachable")
    kiosk.tap("#retry")
    kiosk.tap("#cancel")
    kiosk.can_take_a_number()
    kiosk.type("0100")
    with kiosk.page.expect_response("**/check-ins"):
        server.held[0].fulfill(status=201, json=CHECKED_IN)
    kiosk.wait(20)
    kiosk.shows("idle")
    kiosk.holds("010-0")
    assert len(server.requests) == 2


def test_nobody_waits_forever_for_an_attendee_who_has_gone(
    kiosk: KioskPage, server: StandIn
) -> None:
    server.answers = [problem(503, "storage_unavailable")]
    kiosk.open()
    kiosk.check_in()
    kiosk.shows("unreachable")
    for _ in range(20):
        kiosk.wait(15)
        if kiosk.page.locator("body").get_attribute("data-state") == "idle":
            break
    kiosk.can_take_a_number()


def test_digits_do_not_disturb_what_is_being_retried(kiosk: KioskPage, server: StandIn) -> None:
    server.answers = [disconnect, reply(CHECKED_IN, 201)]
    kiosk.open()
    kiosk.check_in()
    kiosk.shows("unreachable")
    kiosk.scan(NEXT_NUMBER)
    kiosk.wait(1)
    assert len(server.requests) == 1
    kiosk.wait(1.2)
    kiosk.shows("welcome")
    assert server.bodies[0] == server.bodies[1]


def test_an_event_that_cannot_be_loaded_is_tried_again(kiosk: KioskPage, server: StandIn) -> None:
    server.event = disconnect
    kiosk.open(shows="unloaded")
    kiosk.says("No connection")
    server.event = reply(EVENT)
    kiosk.tap("#retry")
    kiosk.can_take_a_number()
    expect(kiosk.page.locator("html")).to_have_attribute("lang", "ko")
    server.event = disconnect
    kiosk.wait(30.1)
    expect(kiosk.page.locator("#offline")).to_be_visible()
    kiosk.shows("idle")
    server.event = reply(EVENT)
    kiosk.wait(4.1)
    expect(kiosk.page.locator("#offline")).to_be_hidden()


# ---- Opening, closing, keys ----------------------------------------------------------------


def test_a_kiosk_put_up_early_opens_by_itself(kiosk: KioskPage, server: StandIn) -> None:
    soon = EVENT | {"state": "not_open", "check_in_opens_at": "2026-02-11T09:52:20+00:00"}
    server.event = reply(soon)
    kiosk.open(shows="not_open")
    kiosk.says("오후 6:52부터")
    kiosk.scan(NUMBER)
    kiosk.shows("not_open")
    server.event = reply(soon | {"state": "open"})
    kiosk.wait(21)
    kiosk.can_take_a_number()
    assert server.requests == []


def test_a_kiosk_closes_by_itself_but_not_under_somebodys_hands(
    kiosk: KioskPage, server: StandIn
) -> None:
    kiosk.open()
    kiosk.wait(25)
    kiosk.type("0100")
    server.event = reply(EVENT | {"state": "closed"})
    with kiosk.page.expect_response("**/events/0211ABC"):
        kiosk.wait(10)
    kiosk.shows("idle")
    kiosk.holds("010-0")
    kiosk.wait(31)
    kiosk.shows("closed")
    kiosk.says("오후 9:00에 마감되었습니다")


def test_an_unknown_event_is_reported_and_requested_again(
    kiosk: KioskPage, server: StandIn
) -> None:
    server.event = problem(404, "unknown_event")
    kiosk.open(shows="unknown_event")
    kiosk.says("0211ABC")
    server.event = reply(EVENT)
    kiosk.wait(30.1)
    kiosk.can_take_a_number()


def test_a_staffed_kiosk_needs_the_organizers_link(kiosk: KioskPage, server: StandIn) -> None:
    server.event = reply(STAFFED)
    kiosk.open(shows="key_required")
    kiosk.says("주최자")
    kiosk.page.evaluate("location.hash = 'key=sesame'")
    kiosk.can_take_a_number()


def test_the_organizers_key_leaves_the_address_bar_and_survives_a_reload(
    kiosk: KioskPage, server: StandIn
) -> None:
    server.event = reply(STAFFED)
    kiosk.open("#key=sesame")
    assert kiosk.page.url.endswith("/kiosk/0211ABC")
    kiosk.page.reload()
    kiosk.can_take_a_number()
    kiosk.check_in()
    kiosk.shows("welcome")
    assert server.requests[0].headers["authorization"] == "Bearer sesame"


@pytest.mark.parametrize(
    ("status", "reason", "state"),
    [(403, "kiosk_key_rejected", "key_rejected"), (401, "kiosk_key_required", "key_required")],
)
def test_a_key_that_is_not_taken_is_forgotten(
    kiosk: KioskPage, server: StandIn, status: int, reason: str, state: str
) -> None:
    server.event = reply(STAFFED)
    server.answers = [problem(status, reason)]
    kiosk.open("#key=sesame")
    kiosk.check_in()
    kiosk.shows(state)
    kiosk.page.reload()
    kiosk.shows("key_required")

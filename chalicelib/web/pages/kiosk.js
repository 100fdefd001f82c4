/**
 * The kiosk: one state at a time, from typing a number to being checked in.
 *
 *   rest    loading · idle · not_open · closed · key_required · key_rejected · unknown_event ·
 *           unloaded: the event decides which one (`restingState`)
 *   busy    checking → unreachable, while it retries with the same nonce
 *   form    details (a walk-in's name and address) · address
 *   result  welcome · already · not_registered · invalid · refused; each returns to rest
 */

import { checkIn, loadEvent } from './kiosk-api.js';
import { Keystrokes } from './kiosk-keys.js';
import { NumberField, looksLikeNumber, significant } from './kiosk-number.js';
import { WORDS } from './kiosk-words.js';

const RESULT_MS = 5_000;
const LONG_RESULT_MS = 7_000; // for results with something to read and do
const TYPING_MS = 30_000; // without a key press: clear the number, reset the language
const FORM_MS = 60_000;
const REFRESH_MS = 30_000;
const BOUNDARY_MS = 500; // after opening or closing time, so that the server agrees it has come
const RETRY_DELAYS_MS = [2_000, 4_000, 8_000, 15_000];
const GIVE_UP_MS = 180_000; // by then the attendee has left, and others wait
const RESULT_STAYS_MS = 800; // a result stays visible at least this long
const TAP_GUARD_MS = 300; // the second half of a double tap is not for the next screen

const STATES = {
  loading: { kind: 'rest', sign: 'wait' },
  idle: { kind: 'rest', sign: 'check', lasts: TYPING_MS },
  not_open: { kind: 'rest', sign: 'clock', lasts: TYPING_MS },
  closed: { kind: 'rest', sign: 'door', lasts: TYPING_MS },
  key_required: { kind: 'rest', sign: 'key', lasts: TYPING_MS },
  key_rejected: { kind: 'rest', sign: 'barred', lasts: TYPING_MS },
  unknown_event: { kind: 'rest', sign: 'search', lasts: TYPING_MS },
  unloaded: { kind: 'rest', sign: 'offline', lasts: TYPING_MS },
  checking: { kind: 'busy', sign: 'wait' },
  unreachable: { kind: 'busy', sign: 'offline' },
  details: { kind: 'form', sign: 'join', lasts: FORM_MS },
  address: { kind: 'form', sign: 'mail', lasts: FORM_MS },
  welcome: { kind: 'result', sign: 'check', lasts: RESULT_MS },
  already: { kind: 'result', sign: 'twice', lasts: RESULT_MS },
  not_registered: { kind: 'result', sign: 'absent', lasts: LONG_RESULT_MS },
  invalid: { kind: 'result', sign: 'number', lasts: RESULT_MS },
  refused: { kind: 'result', sign: 'desk', lasts: LONG_RESULT_MS },
};

// The lines that show a problem, each with the field that it is about.
const PROBLEMS = { hint: 'phone', 'name-problem': 'name', 'email-problem': 'email' };

const element = (id) => document.getElementById(id);
const field = new NumberField(element('phone'), () => say('hint', ''));
const keys = new Keystrokes();
const eventCode = location.pathname.split('/').pop();

let state = 'loading';
let since = 0; // when the state was entered, as performance.now()
let lastTap = -Infinity; // likewise as performance.now()
let byTap = false; // whether a tap led into the state
let language = navigator.language.startsWith('ko') ? 'ko' : 'en';
let event = null; // as the API returns it
let eventProblem = null; // why there is no event: 'unknown_event' or 'unreachable'
let key = null; // the organizers' key from the kiosk's link
let keyRejected = false;
let attempt = null; // {body, startedAt, tries, sending}: one attendee, one nonce
let answer = null; // what the API said about the attempt
let beforeRun = null; // {target, value}: a form's field before the last run of characters
let stateTimer;
let refreshTimer;
let retryTimer;

// ---- From state to state -------------------------------------------------------------------

const kind = () => STATES[state].kind;

function restingState() {
  if (eventProblem === 'unknown_event') return 'unknown_event';
  if (!event) return eventProblem ? 'unloaded' : 'loading';
  if (!event.self_check_in && !key) return keyRejected ? 'key_rejected' : 'key_required';
  return event.state === 'open' ? 'idle' : event.state;
}

/** Returns to the start and forgets the last attendee: the next one is standing there. */
function rest() {
  clearTimeout(retryTimer);
  attempt = null;
  answer = null;
  beforeRun = null;
  language = event?.locale ?? language;
  element('name').value = '';
  element('email').value = '';
  show(restingState());
}

function show(next) {
  if (next !== state) {
    since = performance.now();
    byTap = since - lastTap < TAP_GUARD_MS;
  }
  state = next;
  field.clear();
  for (const id of Object.keys(PROBLEMS)) say(id, '');
  render();
  announce();
  takeFocus();
  keepTime();
}

/** Ends the state after its time. In idle and in a form, every key and tap starts it again. */
function keepTime() {
  clearTimeout(stateTimer);
  const { lasts } = STATES[state];
  if (!lasts) return;
  stateTimer = setTimeout(rest, lasts);
  if (kind() !== 'result') return;
  for (const animation of element('remaining').getAnimations()) animation.cancel();
  element('remaining').animate([{ scale: '1 1' }, { scale: '0 1' }], lasts);
}

// ---- An attempt ----------------------------------------------------------------------------

function submitNumber() {
  if (state !== 'idle' || !field.length) return;
  if (field.isTooShort) {
    say('hint', 'too_short');
    return;
  }
  if (field.isTooLong) {
    show('invalid');
    return;
  }
  attempt = { body: { phone: field.number, nonce: newNonce() } };
  begin();
}

function submitDetails(withoutEmail) {
  if (kind() !== 'form') return;
  const name = element('name').value.trim();
  const email = element('email').value.trim();
  const nameMissing = state === 'details' && !name;
  const emailProblem = withoutEmail
    ? ''
    : !email ? 'email_missing' : element('email').validity.valid ? '' : 'email_invalid';
  say('name-problem', nameMissing ? 'name_missing' : '');
  say('email-problem', emailProblem);
  if (nameMissing || emailProblem) {
    element(nameMissing ? 'name' : 'email').focus();
    return;
  }
  const { phone, nonce } = attempt.body;
  attempt.body = { phone, nonce, ...(withoutEmail ? { no_email: true } : { email }) };
  if (name) attempt.body.name = name;
  begin();
}

function begin() {
  attempt.startedAt = performance.now();
  attempt.tries = 0;
  show('checking');
  send();
}

async function send() {
  const current = attempt;
  current.sending = true;
  const said = await checkIn(eventCode, current.body, { key, language });
  current.sending = false;
  // Cancelled meanwhile. If the server took it, the attendee's next try says so.
  if (attempt !== current) return;
  answer = said;
  conclude();
}

function conclude() {
  switch (answer.reason) {
    case 'checked_in':
      return show('welcome');
    case 'already_checked_in':
      return show('already');
    case 'details_required':
      return show('details');
    case 'email_required':
      return show('address');
    case 'not_registered':
      return show('not_registered');
    case 'invalid_phone':
      return show('invalid');
    case 'invalid_request':
      return askAgain();
    case 'unreachable':
      return retryLater();
    case 'not_open':
    case 'closed':
      event.state = answer.reason;
      event.check_in_opens_at = answer.check_in_opens_at ?? event.check_in_opens_at;
      event.check_in_closes_at = answer.check_in_closes_at ?? event.check_in_closes_at;
      return rest();
    case 'kiosk_key_required':
    case 'kiosk_key_rejected':
      // The next refresh tells whether the event needs a key at all.
      event.self_check_in = false;
      keyRejected = answer.reason === 'kiosk_key_rejected';
      rememberKey(null);
      return rest();
    case 'unknown_event':
      eventProblem = 'unknown_event';
      return rest();
    default:
      return show('refused');
  }
}

/** Returns to the form with the server's words, if they are about one of its fields. */
function askAgain() {
  const { field: name, detail } = answer;
  if (name === 'phone') return show('invalid');
  if (name !== 'name' && name !== 'email') return show('refused');
  show(name === 'name' || attempt.body.name ? 'details' : 'address');
  element(`${name}-problem`).textContent = detail ?? '';
  element(name).setAttribute('aria-invalid', 'true');
  element(name).focus();
}

/** Retries with growing delays. Number and nonce stay the same, so it is one check-in. */
function retryLater() {
  if (performance.now() - attempt.startedAt > GIVE_UP_MS) return rest();
  const backOff = RETRY_DELAYS_MS[Math.min(attempt.tries, RETRY_DELAYS_MS.length - 1)];
  attempt.tries += 1;
  clearTimeout(retryTimer);
  retryTimer = setTimeout(retryNow, Math.max(backOff, answer.retryAfter));
  if (state !== 'unreachable') show('unreachable');
}

function retryNow() {
  if (state !== 'unreachable' || attempt.sending) return;
  clearTimeout(retryTimer);
  send();
}

/** randomUUID exists only in secure contexts, and a kiosk may be opened over plain HTTP. */
function newNonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// ---- The event -----------------------------------------------------------------------------

async function refresh() {
  clearTimeout(refreshTimer);
  const said = await loadEvent(eventCode, language);
  const isFirst = said.reason === 'event' && !event;
  if (said.reason === 'event') event = said;
  eventProblem = said.reason === 'event' ? null : said.reason;
  element('offline').hidden = !event || eventProblem !== 'unreachable';
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(refresh, untilRefresh());
  if (kind() !== 'rest' || field.length) return;
  if (isFirst) rest();
  else if (restingState() !== state) show(restingState());
  else render();
}

/** When to ask again: regularly, sooner without an event, and when check-in opens or closes. */
function untilRefresh() {
  if (eventProblem === 'unreachable') return RETRY_DELAYS_MS[1];
  const boundaries = [event?.check_in_opens_at, event?.check_in_closes_at]
    .map((time) => Date.parse(time) + BOUNDARY_MS - Date.now())
    .filter((delay) => delay > 0);
  return Math.min(REFRESH_MS, ...boundaries);
}

/**
 * Takes the key out of `#key=…`, because attendees can read the address bar. Only the history
 * entry keeps it, which survives a reload.
 */
function readKey() {
  const shown = new URLSearchParams(location.hash.slice(1)).get('key');
  rememberKey(shown ?? history.state?.key ?? null);
  if (shown) keyRejected = false;
}

function rememberKey(value) {
  key = value;
  history.replaceState({ key }, '', location.pathname + location.search);
}

// ---- Display and announcements -------------------------------------------------------------

function render() {
  const words = WORDS[language];
  document.documentElement.lang = language;
  document.body.dataset.state = state;
  document.body.dataset.kind = kind();
  for (const part of document.querySelectorAll('[data-text]')) {
    part.textContent = words[part.dataset.text];
  }
  for (const part of document.querySelectorAll('[data-label]')) {
    part.setAttribute('aria-label', words[part.dataset.label]);
  }
  for (const button of document.querySelectorAll('[data-language]')) {
    button.setAttribute('aria-pressed', String(button.dataset.language === language));
  }
  element('sign').setAttribute('href', `#icon-${STATES[state].sign}`);
  const { title, text } = message();
  element('title').textContent = title;
  element('text').textContent = text;
  element('name-row').hidden = state !== 'details';
  if (!event) return;
  document.title = fill(words.page_title, { event: event.name });
  element('organization').textContent = event.organization;
  element('event-name').textContent = event.name;
  element('venue').textContent = event.venue;
  element('starts').textContent = longTime(event.starts_at);
}

function message() {
  const { title, text, unmailed } = WORDS[language].states[state];
  const mailed = answer?.confirmation?.to;
  const values = {
    name: answer?.name,
    to: mailed,
    checked: shortTime(answer?.checked_at),
    detail: answer?.detail,
    last4: attempt?.body.phone.slice(-4),
    opens: shortTime(event?.check_in_opens_at),
    closes: shortTime(event?.check_in_closes_at),
    code: eventCode,
  };
  return { title: fill(title, values), text: fill(mailed ? text : (unmailed ?? text), values) };
}

function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '').trim();
}

function announce() {
  const { title, text } = message();
  const words = [title, text].filter(Boolean).join('. ');
  // Repeating the same words would interrupt a screen reader.
  if (element('announcement').textContent !== words) element('announcement').textContent = words;
}

/** Shows a word in a line for problems; '' clears it. `word` is a key of the translations. */
function say(id, word) {
  const line = element(id);
  line.textContent = word && WORDS[language][word];
  if (word) line.dataset.text = word; // so that it follows the language
  else delete line.dataset.text;
  element(PROBLEMS[id]).setAttribute('aria-invalid', String(Boolean(word)));
}

function takeFocus() {
  if (state === 'idle') field.focus();
  else if (state === 'details' && !element('name').value) element('name').focus();
  else if (kind() === 'form') element('email').focus();
  else if (kind() === 'result') element('next').focus();
  else if (state === 'unreachable' || state === 'unloaded') element('retry').focus();
  else element('title').focus();
}

/** The time in the event's zone, with the date unless it is today there. */
function shortTime(text) {
  const day = { month: 'long', day: 'numeric' };
  const isToday = text && format(text, day) === format(Date.now(), day);
  return format(text, { ...(isToday ? {} : day), hour: 'numeric', minute: '2-digit' });
}

function longTime(text) {
  const day = { month: 'long', day: 'numeric', weekday: 'short' };
  return format(text, { ...day, hour: 'numeric', minute: '2-digit' });
}

function format(time, options) {
  const date = new Date(time ?? NaN);
  if (Number.isNaN(date.valueOf())) return '';
  return new Intl.DateTimeFormat(language, { timeZone: event.timezone, ...options }).format(date);
}

// ---- Keys and taps -------------------------------------------------------------------------

const isYoung = () => performance.now() - since < RESULT_STAYS_MS;

/** Whether a number can begin now: in idle, and after a result has been seen. */
function takesNumbers() {
  return state === 'idle' || (kind() === 'result' && !isYoung());
}

function onKey(press) {
  const { key: name, target, timeStamp: at } = press;
  if (press.ctrlKey || press.metaKey || press.altKey || press.isComposing) return;
  if (name === 'Escape') {
    press.preventDefault();
    if (kind() === 'result' ? !isYoung() : true) rest();
  } else if (name === 'Enter') {
    onEnter(press);
  } else if ([...name].length === 1 && name !== ' ') {
    if (kind() !== 'form') onCharacter(press);
    else if (keys.ignores(at)) swallow(press);
    else if (keys.add(name, at)) beforeRun = { target, value: target.value };
  } else if (name === 'Backspace' && state === 'idle') {
    field.focus();
  }
}

function onCharacter(press) {
  const { key: name, timeStamp: at } = press;
  if (!takesNumbers() || keys.ignores(at)) return swallow(press);
  if (press.repeat) return press.preventDefault();
  const starts = keys.add(name, at);
  if (!looksLikeNumber(name)) {
    press.preventDefault();
    if (starts) return; // a stray key
    field.clear(); // a scanned link or ticket: its digits are not a phone number
    return keys.ignore(at);
  }
  if (state !== 'idle') rest();
  if (state !== 'idle') return swallow(press);
  // The browser inserts the character into the field, which has the focus by then.
  if (document.activeElement !== field.input) field.focus();
}

function swallow(press) {
  press.preventDefault();
  keys.ignore(press.timeStamp);
}

function onEnter(press) {
  const { target, timeStamp: at } = press;
  const scan = keys.scanned(at);
  if (keys.ignores(at)) {
    press.preventDefault();
  } else if (scan) {
    press.preventDefault();
    if (state === 'idle') {
      field.number = scan; // replaces digits that somebody left there
      submitNumber();
    } else if (kind() === 'form' && beforeRun) {
      beforeRun.target.value = beforeRun.value; // undoes a scan into a name
    }
  } else if (press.repeat) {
    press.preventDefault();
  } else if (kind() === 'result' && !target.closest('button')) {
    if (!isYoung()) rest();
  }
  keys.end();
}

function onTap(tap) {
  lastTap = performance.now();
  const guard = kind() === 'result' ? RESULT_STAYS_MS : TAP_GUARD_MS;
  // A keypad that appeared by itself takes every tap: without its first digit, a number is another.
  const guarded = state !== 'idle' || byTap;
  if (guarded && lastTap - since < guard) {
    tap.preventDefault();
    tap.stopPropagation();
  } else if (kind() === 'result' && !tap.target.closest('.languages')) {
    rest();
  }
}

function onKeypad(tap) {
  const pressed = tap.target.closest('[data-key]')?.dataset.key;
  if (!pressed || state !== 'idle') return;
  if (pressed === 'erase') field.erase();
  else field.insert(pressed);
}

function onPaste(paste) {
  if (state !== 'idle') return;
  const text = paste.clipboardData.getData('text');
  paste.preventDefault();
  if (!looksLikeNumber(text)) return say('hint', 'not_a_number');
  field.insert(significant(text));
}

function onSignOfLife() {
  if (kind() === 'rest' || kind() === 'form') keepTime();
}

function listen() {
  document.addEventListener('keydown', onKey, true);
  document.addEventListener('click', onTap, true);
  // Buttons and empty space do not take the focus away from the number.
  document.addEventListener('mousedown', (press) => {
    if (state === 'idle' && press.target !== field.input) press.preventDefault();
  });
  for (const sign of ['keydown', 'pointerdown', 'input']) {
    document.addEventListener(sign, onSignOfLife);
  }
  document.addEventListener('paste', onPaste);
  element('keypad').addEventListener('click', onKeypad);
  element('clear').addEventListener('click', () => field.clear());
  element('entry').addEventListener('submit', (submit) => {
    submit.preventDefault();
    submitNumber();
  });
  element('details').addEventListener('submit', (submit) => {
    submit.preventDefault();
    submitDetails(false);
  });
  element('without-email').addEventListener('click', () => submitDetails(true));
  element('leave').addEventListener('click', rest);
  element('cancel').addEventListener('click', rest);
  element('retry').addEventListener('click', () => (state === 'unloaded' ? refresh() : retryNow()));
  for (const button of document.querySelectorAll('[data-language]')) {
    button.addEventListener('click', () => {
      language = button.dataset.language;
      render();
      announce();
      keepTime();
      if (state === 'idle' || kind() === 'form') takeFocus();
    });
  }
  window.addEventListener('online', () => {
    refresh();
    retryNow();
  });
  window.addEventListener('focus', () => state === 'idle' && field.focus());
  // The page comes back from the cache: somebody else is standing there now.
  window.addEventListener('pageshow', (shown) => shown.persisted && rest());
  window.addEventListener('hashchange', () => {
    readKey();
    rest();
  });
}

readKey();
listen();
render();
refresh();

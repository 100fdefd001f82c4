/** The kiosk's two calls. Each always resolves to an answer with a `reason`. */

const TRY_MS = 8_000;
const LONGEST_RETRY_AFTER_MS = 60_000;

const EVENT_STATES = ['not_open', 'open', 'closed'];
const CHECK_IN_STATUSES = ['checked_in', 'already_checked_in'];

/** `{reason: 'event', …the event}`, a problem's `{reason, detail, …}`, or `unreachable`. */
export function loadEvent(code, language) {
  return call(`../events/${code}`, { headers: { 'Accept-Language': language } }, (body) =>
    EVENT_STATES.includes(body.state) ? 'event' : null,
  );
}

/** As above; the reasons of success are `checked_in` and `already_checked_in`. */
export function checkIn(code, body, { key, language }) {
  const headers = { 'Accept-Language': language, 'Content-Type': 'application/json' };
  if (key) headers.Authorization = `Bearer ${key}`;
  const request = { method: 'POST', headers, body: JSON.stringify(body) };
  return call(`../events/${code}/check-ins`, request, (answer) =>
    CHECK_IN_STATUSES.includes(answer.status) ? answer.status : null,
  );
}

/**
 * One try. Anything but a Rollcall answer counts as unreachable: no network, no reply in time, a
 * captive portal's page or redirect, truncated JSON, a gateway's own error.
 */
async function call(url, request, recognize) {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), TRY_MS);
  let response;
  let body;
  try {
    response = await fetch(url, {
      ...request,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      signal: timeout.signal,
    });
    body = await response.json();
  } catch {
    return { reason: 'unreachable', retryAfter: response ? retryAfter(response) : 0 };
  } finally {
    clearTimeout(timer);
  }
  const passing = response.status === 429 || response.status >= 500;
  const reason = passing || !body ? null : response.ok ? recognize(body) : body.reason;
  return typeof reason === 'string'
    ? { ...body, reason }
    : { reason: 'unreachable', retryAfter: retryAfter(response) };
}

/** Milliseconds; 0 without the header. It holds seconds or a date (RFC 9110, 10.2.3). */
function retryAfter(response) {
  const header = response.headers.get('Retry-After');
  if (!header) return 0;
  const delay = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Math.min(Math.max(delay || 0, 0), LONGEST_RETRY_AFTER_MS);
}

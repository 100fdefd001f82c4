/** Who is typing: a scanner is told from a hand by its speed, and half a scan is never used. */

const SCAN_GAP_MS = 60; // between two keys of a scanner; a hand needs more for many in a row
const SCAN_LENGTH = 7; // keys
const QUIET_MS = 400; // without a key: what was ignored has ended

/** Keeps the last run of characters. Times are those of the key events, in milliseconds. */
export class Keystrokes {
  constructor() {
    this._run = '';
    this._last = -Infinity;
    this._ignoredAt = -Infinity;
  }

  /** Notes a character; true where it starts a new run. */
  add(character, at) {
    const starts = at - this._last > SCAN_GAP_MS;
    this._run = starts ? character : this._run + character;
    this._last = at;
    return starts;
  }

  /** The run that Enter at this time ends, where a scanner typed it; else ''. */
  scanned(at) {
    return this._run.length >= SCAN_LENGTH && at - this._last <= SCAN_GAP_MS ? this._run : '';
  }

  /**
   * Ignores what is being typed, to its end: Enter, or a pause. Characters that came while nobody
   * could take them were the beginning of a number, and its rest alone would be another number.
   */
  ignore(at) {
    this._ignoredAt = at;
  }

  ignores(at) {
    return at - this._ignoredAt <= QUIET_MS;
  }

  end() {
    this._run = '';
    this._ignoredAt = -Infinity;
  }
}

/** Tells a scanner from a hand by its speed. Half a scan is never used. */

const SCAN_GAP_MS = 60; // between two keys of a scanner; a hand cannot keep that up
const SCAN_LENGTH = 7; // keys
const QUIET_MS = 400; // without a key: the ignored input has ended

/** Keeps the last run of characters. Times are those of the key events, in milliseconds. */
export class Keystrokes {
  constructor() {
    this._run = '';
    this._last = -Infinity;
    this._ignoredAt = -Infinity;
  }

  /** Adds a character; true if it starts a new run. */
  add(character, at) {
    const starts = at - this._last > SCAN_GAP_MS;
    this._run = starts ? character : this._run + character;
    this._last = at;
    return starts;
  }

  /** The run that Enter ends at this time if a scanner typed it, else ''. */
  scanned(at) {
    return this._run.length >= SCAN_LENGTH && at - this._last <= SCAN_GAP_MS ? this._run : '';
  }

  /**
   * Ignores the current input until Enter or a pause. Its first characters came when no number
   * could be taken, and the rest alone would be a different number.
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

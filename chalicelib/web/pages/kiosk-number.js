/** A phone number while it is typed: digits and a leading +, shown in groups. */

const SHORTEST = 6; // digits, as in Andorra; with fewer, nobody has finished typing
const LONGEST = 17; // digits; 15 in E.164, plus an international prefix
// Two numbers run together must be seen to be too long, and never be cut to a valid one.
const KEPT = 24;

// The country codes with one or two digits; all others have three (ITU-T E.164, annex).
const COUNTRY_CODE = /^(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{1,3})(\d*)$/;

// What the server takes (attendance/writing.py): a + only in front, and between the digits spaces,
// brackets, dots, hyphens of all kinds and what nobody sees.
const WRITTEN =
  /^(tel:)?[\p{Cf}\p{Zs}([（［]*[+＋]?[\p{Nd}\p{Pd}\p{Zs}\p{Cf}\t()[\]（）［］_＿/／−ーｰㅡ⁃.．。｡·・･•‧∙ㆍ]*$/iu;
const TO = /[〜〰]/; // hyphens to Unicode, but between two numbers: 4567〜8
const COMPUTED = /^(\p{Pd}|−)\p{Nd}+$|^\p{Nd}+\.0+$/u; // by a spreadsheet

/** The significant characters in ASCII: `+` at the start, and digits of any script. */
export function significant(text) {
  const kept = [...text].filter((character) => /[\p{Nd}+＋]/u.test(character)).map(ascii).join('');
  return kept.slice(0, 1) + kept.slice(1).replace(/\+/g, '');
}

function ascii(character) {
  if (/[+＋]/.test(character)) return '+';
  const code = character.codePointAt(0);
  let value = 0; // in each script, the digits from 0 to 9 follow one another
  while (/\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value += 1;
  return String(value % 10);
}

/** Whether a text is written as a phone number is, and not as two. */
export function looksLikeNumber(text) {
  const written = text.trim();
  const [before, after, ...more] = written.split(/[/／]/).map((part) => significant(part).length);
  const isOne = after === undefined || (before < after && !more.length); // 02-123-4567/8 are two
  return isOne && WRITTEN.test(written) && !TO.test(written) && !COMPUTED.test(written);
}

/** `01012345678` as `010-1234-5678`, `00821012345678` as `00 82 10-1234-5678`, at any length. */
export function group(number) {
  const [, prefix, international] = /^(\+|00)(.*)$/.exec(number) ?? [];
  if (prefix) {
    const [, country, rest] = COUNTRY_CODE.exec(international) ?? [null, '', ''];
    const area82 = rest.startsWith('2') ? 1 : 2; // Seoul's is 2; all others have two digits
    const local = country === '82' ? split(rest, area82, 4, '-') : split(rest, 3, 3, ' ');
    const start = prefix === '00' && country ? '00 ' : prefix;
    return local ? `${start}${country} ${local}` : start + country;
  }
  const area = number.startsWith('02') ? 2 : 3;
  const middle = number.startsWith('010') || number.length > area + 7 ? 4 : 3;
  return split(number, area, middle, '-');
}

function split(digits, first, second, separator) {
  const end = first + second;
  return [digits.slice(0, first), digits.slice(first, end), digits.slice(end)]
    .filter(Boolean)
    .join(separator);
}

/** The input element of the number. The caret stays at its digit while the groups change. */
export class NumberField {
  constructor(input, onChange) {
    this.input = input;
    this.onChange = onChange;
    input.addEventListener('input', (event) => event.isComposing || this._regroup());
    input.addEventListener('compositionend', () => this._regroup());
    input.addEventListener('beforeinput', (event) => {
      if (event.inputType !== 'deleteContentBackward') return;
      event.preventDefault();
      this.erase();
    });
  }

  get number() {
    return significant(this.input.value).slice(0, KEPT);
  }

  set number(text) {
    this.input.value = text;
    this.input.setSelectionRange(text.length, text.length);
    this._regroup();
  }

  get length() {
    return this.number.replace('+', '').length;
  }

  get isTooShort() {
    return this.length < SHORTEST;
  }

  get isTooLong() {
    return this.length > LONGEST;
  }

  insert(text) {
    const { selectionStart, selectionEnd } = this.input;
    this.input.setRangeText(text, selectionStart, selectionEnd, 'end');
    this._regroup();
  }

  /** Removes the selection, or the digit before the caret (never only a hyphen). */
  erase() {
    const { value, selectionStart, selectionEnd } = this.input;
    let start = selectionStart;
    if (start === selectionEnd) {
      while (start > 0 && !/[\d+]/.test(value[start - 1])) start -= 1;
      start = Math.max(start - 1, 0);
    }
    this.input.setRangeText('', start, selectionEnd, 'end');
    this._regroup();
  }

  clear() {
    this.number = '';
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  _regroup() {
    const before = significant(this.input.value.slice(0, this.input.selectionStart)).length;
    const grouped = group(this.number);
    let caret = 0;
    for (let count = 0; count < before && caret < grouped.length; caret += 1) {
      if (/[\d+]/.test(grouped[caret])) count += 1;
    }
    this.input.value = grouped;
    this.input.setSelectionRange(caret, caret);
    this.onChange();
  }
}

import stringWidth from 'string-width';

/** Cuts a text to `columns` of a terminal. Colour codes take no column and are all kept. */
export function clipWidth(text: string, columns: number): string {
  let room = columns;
  let out = '';
  for (const [part] of text.matchAll(/\u001b\[\d+m|\P{M}\p{M}*/gu)) {
    if (part.startsWith('\u001b[')) {
      out += part;
      continue;
    }
    room -= stringWidth(part);
    if (room >= 0) out += part;
  }
  return out;
}

/** Pads a text with blanks to `columns` of a terminal. */
export function padWidth(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - stringWidth(text)));
}

/**
 * A text of somebody else on one line of a terminal: what could move its cursor, change its colours or hide what stands
 * beside it (control and bidirectional characters) is shown as �, breaks and tabs as a blank.
 */
export function printable(text: string): string {
  return text.replace(/[\t\n\r]+/g, ' ').replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}

/** What a terminal acts on, or shows as another order or another line. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (found: string): string =>
  Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');

/** A text of elsewhere in one line, all of it to be seen; in JSON it stays the same text. */
export const plain = (text: string): string => text.replaceAll(UNSEEN, escaped);

/** A text of more lines, as the program writes it. */
export const printable = (text: string): string => text.split('\n').map(plain).join('\n');

/** Where the program writes, and what ends it. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  readonly signal: AbortSignal;
}

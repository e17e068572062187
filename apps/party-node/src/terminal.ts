/** What a terminal acts on, or shows as another order, as another line, as nothing, or as a blank that is no space. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

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

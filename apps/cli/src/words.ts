import { chinese } from './words-zh.js';

/** Says an English text in the user's language; `{name}` stands for a value. */
export type Say = (text: string, values?: Readonly<Record<string, string | number>>) => string;

/** The words of a locale: Chinese for zh, English for all others. What the server says stays as it is. */
export function wordsOf(locale: string): Say {
  const known: Readonly<Record<string, string>> = /^zh/i.test(locale) ? chinese : {};
  return (text, values = {}) =>
    (known[text] ?? text).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

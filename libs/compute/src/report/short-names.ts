const ELLIPSIS = '…';

/**
 * Names for an axis, each at most `width` pixels wide at a size of 12. A long one loses its middle, since columns of one
 * table often begin alike (`smoothness_mean`, `smoothness_worst`); names that are then alike are numbered.
 */
export function shortNames(names: readonly string[], width: number): string[] {
  const short = names.map((name) => middleCut(name, width));
  const count = new Map<string, number>();
  for (const name of short) count.set(name, (count.get(name) ?? 0) + 1);
  return short.map((name, at) => {
    if (count.get(name) === 1) return name;
    const number = `${at + 1}: `;
    return number + middleCut(names[at]!, width - widthOf(number));
  });
}

/** The name whole where it fits, else its beginning and its end. */
function middleCut(name: string, width: number): string {
  if (widthOf(name) <= width) return name;
  const letters = [...name];
  let [head, tail] = ['', ''];
  let left = width - widthOf(ELLIPSIS);
  for (let at = 0; at < letters.length; at++) {
    const fromEnd = at % 2 === 1;
    const letter = fromEnd ? letters[letters.length - 1 - (at - 1) / 2]! : letters[at / 2]!;
    left -= widthOf(letter);
    if (left < 0) break;
    if (fromEnd) tail = letter + tail;
    else head += letter;
  }
  return head + ELLIPSIS + tail;
}

/** Pixels of a text in a sans-serif font of size 12, rather too many: a server has no font to measure by. */
function widthOf(text: string): number {
  let width = 0;
  for (const letter of text)
    width += /[\u1100-\uffff]|[^\0-\uffff]/u.test(letter) && letter !== ELLIPSIS ? 12 : narrow(letter);
  return width;
}

const narrow = (letter: string): number =>
  /[A-Zmw@%…]/.test(letter) ? 10 : /[fijlrt.,:;|!()[\] ]/.test(letter) ? 4.5 : 7;

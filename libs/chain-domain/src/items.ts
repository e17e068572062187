import { type InputFault, pointer, quoted } from './input-fault.js';
import { type JsonValue, mapStrings } from './map-strings.js';
import { readPath } from './reference-syntax.js';
import { valueAt } from './references.js';

/** One item of a list, as the chain has it written, and its place in the list. */
export interface Item {
  readonly item: JsonValue;
  readonly index: number;
}

type Place = readonly (string | number)[];

/** `${item}`, `${item.<path>}` or `${index}`, and a `$` before it, which makes it text. */
const ITEM = /(\$?)\$\{(item|index)((?:[.[][^}]*)?)\}/g;

/**
 * A copy of `value` with the item in place of `${item}`, `${item.<path>}` and `${index}`. A string that is one of these becomes
 * the value itself; inside a text a string is put as it is, any other value as JSON. An item is as it is written: references
 * in it stay references, and what a parameter brought has its escapes already.
 */
export function putItem(value: JsonValue, at: Place, of: Item): { value: JsonValue; faults: InputFault[] } {
  const faults: InputFault[] = [];
  const put = mapStrings(value, [...at], (text, place) => {
    const fault = (code: string, message: string): void =>
      void faults.push({ code, pointer: pointer(...place), message });
    let whole: JsonValue | undefined;
    const made = text.replace(
      ITEM,
      (raw: string, escape: string, name: 'item' | 'index', rest: string, from: number) => {
        if (escape !== '') return raw;
        const path = readPath(rest);
        const found = path === undefined ? undefined : valueAt(of[name], path);
        if (found === undefined) {
          const why = path === undefined ? 'must be ${item.<path>}: a.b[0].c' : `leads to nothing in item ${of.index}`;
          fault(path === undefined ? 'MALFORMED_REFERENCE' : 'NO_VALUE', `${quoted(raw)} ${why}.`);
          return raw;
        }
        if (raw === text) whole = found;
        const words = typeof found === 'string' ? found : JSON.stringify(found);
        if (words.endsWith('$') && text.startsWith('${', from + raw.length)) {
          fault('MALFORMED_REFERENCE', 'An item that ends in $ cannot stand right before a ${.');
        }
        return words;
      },
    );
    return whole === undefined ? made : whole;
  });
  return { value: put, faults };
}

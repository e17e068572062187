import { type InputFault, pointer, quoted } from './input-fault.js';
import { type JsonValue, mapStrings } from './map-strings.js';
import { paramIn, type Segment, splitText } from './reference-syntax.js';
import { valueAt } from './references.js';
import { MAX_DEPTH } from './strict-json.js';

/** Characters of JSON that values add to a chain at most: a short body could ask for gigabytes. */
const MAX_ADDED = 1024 * 1024;

/** The parameters of a chain as its body declares them, and what the caller or a default gives for each. */
export interface ParamValues {
  readonly declared: readonly string[];
  readonly values: ReadonlyMap<string, JsonValue>;
  /** Those whose value is a reference to a secret: in all others `${` is text. */
  readonly secrets: ReadonlySet<string>;
  /** Those whose value comes later: what stands for them stays. */
  readonly open?: ReadonlySet<string>;
}

/** The parameter that a place was filled from, and the path into its value. */
export interface ParamSource {
  readonly name: string;
  readonly path: readonly (string | number)[];
}

export interface Expansion {
  /** The value with each `${params.<name>.<path>}` replaced; as it was where none stands. */
  readonly value: JsonValue;
  readonly faults: readonly InputFault[];
}

/**
 * Makes a function that puts the values in place of `${params.<name>.<path>}`. A string that is one such reference becomes the
 * value itself, of whatever type; inside a text a string is put as it is and any other value as JSON. What a value
 * brings is never read as a reference, but for secrets. `used` and `sources` grow with each call.
 */
export function expandParams({ declared, values, secrets, open }: ParamValues): {
  readonly used: ReadonlySet<string>;
  /** By the JSON pointer of what was replaced. */
  readonly sources: ReadonlyMap<string, ParamSource>;
  readonly expand: (value: JsonValue, at: readonly (string | number)[]) => Expansion;
} {
  const used = new Set<string>();
  const sources = new Map<string, ParamSource>();
  const found = new Map<string, Found>();
  let added = 0;

  const find = (raw: string, source: ParamSource): Found | string => {
    const { name, path } = source;
    if (!declared.includes(name)) return unknown(raw, declared);
    used.add(name);
    const known = found.get(raw);
    if (known !== undefined) return known;
    const whole = values.get(name);
    if (whole === undefined) {
      return `${quoted(raw)}: the parameter has no value: give one in args, or declare a default.`;
    }
    const value = valueAt(whole, path);
    if (value === undefined) return `${quoted(raw)} leads to nothing in the value of ${quoted(name)}: mend its path.`;
    const isSecret = secrets.has(name);
    const result = { value, isSecret, size: JSON.stringify(value).length, depth: depthOf(value) };
    found.set(raw, result);
    return result;
  };

  const expand = (value: JsonValue, at: readonly (string | number)[]): Expansion => {
    const faults: InputFault[] = [];
    const expanded = mapStrings(value, [...at], (text, place) => {
      const segments = [...splitText(text)];
      if (!segments.some((segment) => rootOf(segment) === 'params')) return text;
      const here = pointer(...place);
      const fault = (code: string, message: string): string => {
        faults.push({ code, pointer: here, message });
        return text;
      };
      const pieces: (Found | Segment)[] = [];
      for (const segment of segments) {
        if (segment.kind === 'text' || rootOf(segment) !== 'params') {
          pieces.push(segment);
          continue;
        }
        const { raw, body } = segment;
        const source = paramIn(body);
        if (source === undefined) {
          return fault('MALFORMED_REFERENCE', `${quoted(raw)} must be \${params.<name>.<path>}: a.b[0].c.`);
        }
        if (open?.has(source.name) === true) {
          used.add(source.name);
          pieces.push(segment);
          continue;
        }
        const one = find(raw, source);
        if (typeof one === 'string') return fault(declared.includes(source.name) ? 'NO_VALUE' : 'UNKNOWN_PARAM', one);
        added += one.size;
        if (added > MAX_ADDED) {
          return fault('TOO_LARGE', `The values of parameters add more than ${MAX_ADDED} characters to the chain.`);
        }
        if (segments.length === 1 && place.length + 1 + one.depth > MAX_DEPTH) {
          return fault(
            'TOO_DEEP',
            `With the value of ${quoted(raw)} the chain nests more than ${MAX_DEPTH} levels deep.`,
          );
        }
        sources.set(here, source);
        pieces.push(one);
      }
      const [only] = pieces;
      if (pieces.length === 1 && only !== undefined && !('kind' in only)) {
        return only.isSecret ? only.value : mapStrings(only.value, [], escaped);
      }
      return joined(pieces) ?? fault('MALFORMED_REFERENCE', 'A value that ends in $ cannot stand right before a ${.');
    });
    return { value: expanded, faults };
  };
  return { used, sources, expand };
}

interface Found {
  readonly value: JsonValue;
  readonly isSecret: boolean;
  readonly size: number;
  readonly depth: number;
}

const unknown = (raw: string, declared: readonly string[]): string =>
  `${quoted(raw)} is no parameter of this chain: ` +
  (declared.length === 0
    ? 'declare it in params.properties, or write $${ for the characters ${ themselves.'
    : `there are ${declared.slice(0, 20).join(', ')}${declared.length > 20 ? ', ...' : ''}.`);

const rootOf = (segment: Segment): string | undefined =>
  segment.kind === 'reference' && segment.body !== undefined ? /^[^.[]*/.exec(segment.body)![0] : undefined;

const escaped = (text: string): string => text.replaceAll('${', () => '$${');

/** The text of these pieces, written so that only its own references are read as such. */
function joined(pieces: readonly (Found | Segment)[]): string | undefined {
  let text = '';
  let plain = '';
  for (const piece of pieces) {
    if (!('kind' in piece) && !piece.isSecret) {
      plain += typeof piece.value === 'string' ? piece.value : JSON.stringify(piece.value);
    } else if ('kind' in piece && piece.kind === 'text') plain += piece.text;
    else if (plain.endsWith('$')) return undefined;
    else {
      text += escaped(plain) + ('kind' in piece ? piece.raw : String(piece.value));
      plain = '';
    }
  }
  return text + escaped(plain);
}

function depthOf(value: JsonValue): number {
  if (value === null || typeof value !== 'object') return 0;
  return 1 + Object.values(value).reduce((deepest: number, each) => Math.max(deepest, depthOf(each)), 0);
}

import { FaultList, type InputFault, pointer, quoted } from './input-fault.js';

/** Bytes of a body at most. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** Objects and lists inside each other at most. */
export const MAX_DEPTH = 64;
/** Values at most, members and items alike: what is checked of each adds up, and nobody else is answered meanwhile. */
const MAX_VALUES = 1_000_000;

export type StrictJson =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly faults: readonly InputFault[] };

/** Keys that name an object's machinery: whoever copied them by assignment would change a prototype. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
/** Only a text with one of these can hold what `findBadStrings` looks for: a text that is valid UTF-8 and valid JSON holds no bare NUL or surrogate. */
const SUSPICIOUS = ['\\u', ...FORBIDDEN_KEYS];
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Parses a request body and refuses what JSON.parse lets through and a database or a copy cannot hold: more than 64
 * levels or a million values (found before parsing), bytes that are not UTF-8, NUL, lone surrogates, keys of the prototype
 * machinery, a key twice in one object, and numbers that would be rounded (integers beyond 2^53) or infinite. A leading byte order mark is dropped. Never throws.
 */
export function parseStrictJson(body: Uint8Array): StrictJson {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return refused({ code: 'INVALID_UTF8', message: 'The body is not valid UTF-8.' });
  }
  if (/^[ \t\r\n]*$/.test(text)) return refused({ code: 'EMPTY_BODY', message: 'The body is empty; it must be JSON.' });
  const faults = new FaultList();
  if (!scan(text, faults)) return { ok: false, faults: faults.toArray() };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refused({ code: 'INVALID_JSON', message: syntaxMessage(text, error as SyntaxError) });
  }
  if (SUSPICIOUS.some((part) => text.includes(part))) findBadStrings(value, faults);
  return faults.empty ? { ok: true, value } : { ok: false, faults: faults.toArray() };
}

/** Whether parsed JSON is an object and no list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const refused = (fault: InputFault): StrictJson => ({ ok: false, faults: [fault] });

const QUOTE = 34;
const BACKSLASH = 92;
const NEWLINE = 10;
const COMMA = 44;

/**
 * What only the text tells: how deep it nests and how much it holds (false: too much to be parsed), keys that come again,
 * and how its numbers are written.
 */
function scan(text: string, faults: FaultList): boolean {
  let depth = 0;
  let values = 0;
  /** Keys so far of each open object; undefined for a list. */
  const open: (Set<string> | undefined)[] = [];
  let keyNext = false;
  let line = 1;
  let lineStart = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const start = at;
      for (at++; at < text.length && text.charCodeAt(at) !== QUOTE; at++) if (text.charCodeAt(at) === BACKSLASH) at++;
      if (!keyNext) continue;
      keyNext = false;
      const key = keyOf(text.slice(start, at + 1));
      const known = open[depth - 1]!;
      if (known.has(key)) {
        const message = `The key ${quoted(key)} comes again at line ${line}, column ${start + 1 - lineStart}: an object has each key once.`;
        faults.add({ code: 'DUPLICATE_KEY', message });
      }
      known.add(key);
    } else if (code === NEWLINE) {
      line++;
      lineStart = at + 1;
    } else if (code === COMMA || code === 0x7b || code === 0x5b) {
      if (++values > MAX_VALUES) {
        faults.add({ code: 'TOO_MANY_VALUES', message: `The body holds more than ${MAX_VALUES} values.` });
        return false;
      }
      if (code === COMMA) {
        keyNext = depth > 0 && open[depth - 1] !== undefined;
        continue;
      }
      if (++depth > MAX_DEPTH) {
        const message = `The body nests more than ${MAX_DEPTH} levels deep at line ${line}, column ${at + 1 - lineStart}.`;
        faults.add({ code: 'TOO_DEEP', message });
        return false;
      }
      keyNext = code === 0x7b;
      open[depth - 1] = keyNext ? new Set() : undefined;
    } else if (code === 0x7d || code === 0x5d) {
      if (depth > 0) depth--;
      keyNext = false;
    } else if (isNumberPart(code)) {
      const start = at;
      while (isNumberPart(text.charCodeAt(at + 1))) at++;
      const problem = faults.full ? undefined : numberProblem(text.slice(start, at + 1));
      if (problem) {
        const message = `The number at line ${line}, column ${start + 1 - lineStart} ${problem[1]}.`;
        faults.add({ code: problem[0], message });
      }
    }
  }
  return true;
}

/** The key that a text with its quotes stands for; the text itself if it is not a JSON string. */
function keyOf(token: string): string {
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    return JSON.parse(token) as string;
  } catch {
    return token;
  }
}

/** Digits, sign, point and exponent. The `e` of true and false never comes after a digit and harms nothing. */
function isNumberPart(code: number): boolean {
  return (code >= 48 && code <= 57) || code === 45 || code === 46 || code === 43 || code === 101 || code === 69;
}

function numberProblem(token: string): [code: string, problem: string] | undefined {
  // An integer of fewer than 16 digits is exact; only an exponent can make so few of them infinite.
  const fraction = /[.eE]/.test(token);
  if (!fraction && token.length < 16) return undefined;
  const value = Number(token);
  if (value === Infinity || value === -Infinity) return ['NUMBER_TOO_LARGE', 'is too large'];
  if (fraction || Number.isNaN(value) || Number.isSafeInteger(value)) return undefined;
  return ['UNSAFE_INTEGER', 'is an integer beyond 2^53 and would be rounded: send it as a string'];
}

/** Strings and keys, walked with a stack on the heap that holds one frame for each level. */
function findBadStrings(root: unknown, faults: FaultList): void {
  const stack: {
    readonly value: object;
    readonly keys: readonly string[] | undefined;
    next: number;
    at: string | number;
  }[] = [];
  const here = () => pointer(...stack.map(({ at }) => at));
  const check = (text: string, what: string) => {
    if (text.includes('\0')) {
      faults.add({ code: 'NUL_CHARACTER', pointer: here(), message: `The ${what} holds a NUL character (\\u0000).` });
    }
    if (LONE_SURROGATE.test(text)) {
      const message = `The ${what} holds half of a surrogate pair, which is no character.`;
      faults.add({ code: 'LONE_SURROGATE', pointer: here(), message });
    }
  };
  const enter = (value: unknown) => {
    if (typeof value === 'string') check(value, 'string');
    else if (value !== null && typeof value === 'object') {
      stack.push({ value, keys: Array.isArray(value) ? undefined : Object.keys(value), next: 0, at: '' });
    }
  };
  enter(root);
  for (let frame = stack.at(-1); frame && !faults.full; frame = stack.at(-1)) {
    const index = frame.next++;
    if (index >= (frame.keys ?? (frame.value as unknown[])).length) {
      stack.pop();
      continue;
    }
    frame.at = frame.keys?.[index] ?? index;
    if (typeof frame.at === 'string') {
      check(frame.at, 'key');
      if (FORBIDDEN_KEYS.has(frame.at)) {
        faults.add({ code: 'FORBIDDEN_KEY', pointer: here(), message: `The key "${frame.at}" is not allowed.` });
      }
    }
    enter((frame.value as Record<string | number, unknown>)[frame.at]);
  }
}

function syntaxMessage(text: string, error: SyntaxError): string {
  const position = /at position (\d+)/.exec(error.message)?.[1];
  if (position !== undefined) {
    const lines = text.slice(0, Number(position)).split('\n');
    return `The body is not valid JSON: look at line ${lines.length}, column ${lines.at(-1)!.length + 1}.`;
  }
  return /end of JSON/.test(error.message)
    ? 'The body is not valid JSON: it ends too early.'
    : 'The body is not valid JSON.';
}

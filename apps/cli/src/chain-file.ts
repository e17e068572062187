import { createReadStream } from 'node:fs';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { isScalar, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml';
import { type InputFault, MAX_BODY_BYTES, parseStrictJson } from '#libs/chain-domain';
import { EXIT } from './exit-codes.js';
import { Failure, type PlacedFault } from './failure.js';
import { placeIn } from './places.js';
import type { Shell } from './shell.js';
import type { Say } from './words.js';

/** A chain as a user wrote it. */
export interface ChainFile {
  /** For messages: the path, or `stdin`. */
  readonly name: string;
  readonly value: unknown;
  /** Adds to each fault the line and column that its pointer leads to. */
  readonly place: (faults: readonly InputFault[]) => PlacedFault[];
}

/**
 * Reads a chain from a JSON or YAML file, or from standard input (`-`). What the API refuses in a body is refused here
 * with its place, in YAML too: more than 10 MiB, a key twice, numbers that would be rounded, and the rest of
 * `parseStrictJson`. Without .json, .yaml or .yml in its name, what begins with a brace is JSON.
 */
export async function readChainFile(path: string, { stdin }: Shell, say: Say): Promise<ChainFile> {
  const name = path === '-' ? 'stdin' : path;
  const bytes = await readAll(path === '-' ? stdin : createReadStream(path)).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof Failure) throw error;
    const message = say('{file} cannot be read: {reason}', { file: name, reason: error.message });
    throw new Failure(EXIT.USAGE, message, { cause: error });
  });
  if (bytes === undefined) {
    const message = say('{file} is larger than the 10 MiB that the server takes.', { file: name });
    throw new Failure(EXIT.INVALID, message, { hint: say('Large data belong in files that tasks read.') });
  }
  const text = bytes.toString('utf8');
  const json = isJson(path, text);
  const reading = json ? parseStrictJson(bytes) : readYaml(bytes, text, say);
  const place = (faults: readonly InputFault[]) => placeIn(text, faults);
  if (reading.ok) return { name, value: reading.value, place };
  const form = json ? 'JSON' : 'YAML';
  const message = say('{file} is not {form} that can be taken.', { file: name, form });
  throw new Failure(EXIT.INVALID, message, { file: name, faults: place(reading.faults) });
}

async function readAll(stream: Readable): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function isJson(path: string, text: string): boolean {
  const extension = extname(path).toLowerCase();
  if (extension === '.json') return true;
  return extension !== '.yaml' && extension !== '.yml' && /^\ufeff?\s*[{[]/.test(text);
}

type Reading =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly faults: readonly PlacedFault[] };

const YAML_CODES: Readonly<Record<string, string>> = { DUPLICATE_KEY: 'DUPLICATE_KEY' };

/** Reads YAML 1.2 as JSON, by the rules of a JSON body. */
function readYaml(bytes: Buffer, text: string, say: Say): Reading {
  const valid = new TextDecoder('utf-8', { fatal: true });
  try {
    valid.decode(bytes);
  } catch {
    return { ok: false, faults: [{ code: 'INVALID_UTF8', message: say('It is not valid UTF-8.') }] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    intAsBigInt: true,
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
  });
  const faults: PlacedFault[] = [...document.errors, ...document.warnings].map(({ code, message, pos }) => {
    const { line, col } = lines.linePos(pos[0]);
    return { code: YAML_CODES[code] ?? 'INVALID_YAML', message, line, column: col };
  });
  faults.push(...valueFaults(document, lines, say));
  if (faults.length > 0) return { ok: false, faults };
  if (document.contents === null) return { ok: false, faults: [{ code: 'EMPTY_BODY', message: say('It is empty.') }] };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    return { ok: false, faults: [{ code: 'INVALID_YAML', message: (error as Error).message }] };
  }
  let json: string;
  try {
    json = JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? Number(each) : each));
  } catch {
    const message = say('An alias contains itself.');
    return { ok: false, faults: [{ code: 'INVALID_YAML', message }] };
  }
  return parseStrictJson(Buffer.from(json));
}

/** The maximum number of values that aliases expand to: a few lines could expand to gigabytes. */
const MAX_ALIASES = 1_000;

/** Tags of what JSON has as well. */
const JSON_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);

/** Numbers that JSON does not have, or that would be rounded, and tags of other things. */
function valueFaults(document: Document, lines: LineCounter, say: Say): PlacedFault[] {
  const faults: PlacedFault[] = [];
  const add = (node: Node, code: string, message: string) => {
    const { line, col: column } = lines.linePos(node.range![0]);
    faults.push({ code, line, column, message });
  };
  visit(document, {
    Value(_key, node) {
      if (node.tag !== undefined && !JSON_TAGS.has(node.tag))
        add(node, 'INVALID_YAML', say('JSON has nothing like it.'));
      else if (isScalar(node) && typeof node.value === 'bigint' && !Number.isSafeInteger(Number(node.value)))
        add(node, 'UNSAFE_INTEGER', say('An integer beyond 2^53 would be rounded: write it as a string.'));
      else if (isScalar(node) && typeof node.value === 'number' && !Number.isFinite(node.value))
        add(node, 'NUMBER_TOO_LARGE', say('JSON has no such number.'));
    },
  });
  return faults;
}

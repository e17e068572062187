import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bin } from './steps.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Document = { [key: string]: Json };

/** What would break a client between two versions of the API's document. */
export interface BreakingChange {
  readonly operation: string;
  readonly message: string;
}

interface Report {
  readonly changes: readonly {
    readonly path: string;
    readonly verdicts: readonly { readonly impact: string; readonly message: string }[];
  }[];
}

/**
 * The breaking changes, as Redocly's diff rates them: `[{ operation: 'GET /api/v1/chains', message }]`, each once. A
 * schema is judged in every place that it is used in: what an answer may do, a request may not.
 */
export async function breakingChanges(base: Document, revision: Document): Promise<BreakingChange[]> {
  const folder = mkdtempSync(join(tmpdir(), 'task-chain-api-'));
  try {
    writeFileSync(join(folder, 'base.json'), JSON.stringify(inlined(base)));
    writeFileSync(join(folder, 'revision.json'), JSON.stringify(inlined(revision)));
    const diff = [
      bin('redocly'),
      'diff',
      'base.json',
      'revision.json',
      '--format=json',
      '-o=report.json',
      '--fail-on=none',
    ];
    // Not in the project: with a configuration, such as its redocly.yaml, the rules of the diff are off.
    await promisify(execFile)(process.execPath, diff, { cwd: folder });
    const { changes } = JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as Report;
    const found = changes.flatMap(({ path, verdicts }) =>
      verdicts.flatMap(({ impact, message }) =>
        impact === 'major' ? [{ operation: operationOf(path), message }] : [],
      ),
    );
    return [...new Map(found.map((change) => [JSON.stringify(change), change])).values()];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Those that the changelog does not own up to. It does so in the list under `### Breaking` of [Unreleased], where it names in
 * backticks the operation (`GET /api/v1/chains`) or what the message of the change names (a field, a value).
 */
export function unnamed(changes: readonly BreakingChange[], changelog: string): BreakingChange[] {
  const [unreleased = ''] = changelog.split(/^## /m).filter((part) => part.startsWith('[Unreleased]'));
  const [section = ''] = unreleased.split(/^### /m).filter((part) => part.startsWith('Breaking\n'));
  const names = new Set([...section.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  return changes.filter(({ operation, message }) => {
    const words = [...message.matchAll(/`([^`]+)`|'([^']+)'/g)].map(([, code, text]) => code ?? text);
    return ![operation, ...words].some((word) => names.has(word));
  });
}

/** `#/paths/~1api~1v1~1chains/get/…` -> `GET /api/v1/chains` */
function operationOf(pointer: string): string {
  const [, , path = '', method = ''] = pointer
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return method === '' ? path : `${method.toUpperCase()} ${path}`;
}

const TEXTS = new Set(['description', 'summary', 'title', 'example', 'examples']);

/**
 * The document without references, and without texts: the diff identifies parameters by them, and one with a new
 * description was said to be removed.
 */
function inlined(document: Document): Document {
  const at = (reference: string): Json =>
    reference
      .slice(2)
      .split('/')
      .reduce<Json>((value, key) => membersOf(value)[key.replaceAll('~1', '/').replaceAll('~0', '~')]!, document);
  const inline = (value: Json, parent?: string): Json => {
    if (Array.isArray(value)) return value.map((each) => inline(each));
    if (value === null || typeof value !== 'object') return value;
    const { $ref, ...rest } = value;
    const members = Object.fromEntries(
      Object.entries(rest)
        .filter(([key]) => parent === 'properties' || !TEXTS.has(key))
        .map(([key, member]) => [key, inline(member, key)]),
    );
    return typeof $ref === 'string' ? { ...membersOf(inline(at($ref))), ...members } : members;
  };
  const { components, ...rest } = document;
  const securitySchemes = membersOf(components ?? {}).securitySchemes ?? {};
  return { ...membersOf(inline(rest)), components: { securitySchemes } };
}

function membersOf(value: Json): Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

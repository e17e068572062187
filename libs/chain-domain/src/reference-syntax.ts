/** Where a reference leads: into the result of a task, or into what the task opened to one party alone. */
export interface ParsedReference {
  readonly taskId: string;
  /** Set for `party_results`. */
  readonly party?: string;
  readonly path: readonly (string | number)[];
}

export type ReferenceFaultCode = 'MALFORMED_REFERENCE' | 'UNKNOWN_REFERENCE' | 'UNKNOWN_PARAM';

/** A piece of a string: plain text with its escapes undone, or what stands in `${...}` (`body` is absent without a `}`). */
export type Segment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reference'; readonly raw: string; readonly body?: string };

export type ReferenceParse =
  | { readonly ok: true; readonly reference: ParsedReference }
  | { readonly ok: false; readonly code: ReferenceFaultCode; readonly message: string };

const TASK_ID = /^(?=.{1,64}$)[A-Za-z0-9._-]+(?:\[[A-Za-z0-9._-]+\])?$/;
const MAX_TASK_ID = 64;
const STEP = /\.([^.[\]{}\s"']+)|\[(0|[1-9][0-9]{0,8})\]/y;
const RESULT = '.result';
const PARTY_RESULTS = '.party_results';
/** What ends a task's id. */
const WORD = /\.(?:result|party_results)(?=[.[]|$)/g;
const SHAPE = '${tasks.<task_id>.result.<path>}';
const PARTY_SHAPE = '${tasks.<task_id>.party_results.<party>.<path>}';
const SECRET_SHAPE = '${secrets.<name>}';
const SECRET = /^\$\{secrets\.([A-Za-z0-9][A-Za-z0-9._-]{0,63})\}$/;
const ESCAPE = 'Write $${ for the characters ${ themselves.';

/** Splits a string at its references, as far as it is asked to. Two plain pieces never follow each other. */
export function* splitText(text: string): Generator<Segment> {
  let plain = '';
  for (let from = 0; from < text.length;) {
    const open = text.indexOf('${', from);
    if (open === -1) {
      plain += text.slice(from);
      break;
    }
    if (text[open - 1] === '$') {
      plain += text.slice(from, open - 1) + '${';
      from = open + 2;
      continue;
    }
    plain += text.slice(from, open);
    if (plain) yield { kind: 'text', text: plain };
    plain = '';
    const close = text.indexOf('}', open);
    from = close === -1 ? text.length : close + 1;
    const raw = text.slice(open, from);
    yield close === -1 ? { kind: 'reference', raw } : { kind: 'reference', raw, body: raw.slice(2, -1) };
  }
  if (plain) yield { kind: 'text', text: plain };
}

/** The name of the secret that a string stands for as a whole. */
export const secretNameOf = (text: string): string | undefined => SECRET.exec(text)?.[1];

/** Reads what stands in `${...}`. Of the ids that it may mean, the longest of `taskIds` is taken, else the shortest. */
export function parseReference(
  { raw, body }: { readonly raw: string; readonly body?: string },
  taskIds?: { has(taskId: string): boolean },
): ReferenceParse {
  const shown = raw.length > 80 ? `${raw.slice(0, 80)}...` : raw;
  const fault = (code: ReferenceFaultCode, message: string): ReferenceParse => ({ ok: false, code, message });
  if (body === undefined) return fault('MALFORMED_REFERENCE', `"${shown}" has no closing brace. ${ESCAPE}`);
  const root = /^[^.[]*/.exec(body)![0];
  if (root === 'params') {
    return fault(
      'UNKNOWN_PARAM',
      `"${shown}": parameters of a chain are put in when it is created, and stand in task_params alone. ${ESCAPE}`,
    );
  }
  if (root === 'secrets') {
    return fault(
      'MALFORMED_REFERENCE',
      `"${shown}": a secret stands alone in its string, as ${SECRET_SHAPE}. ${ESCAPE}`,
    );
  }
  if (root !== 'tasks') return fault('UNKNOWN_REFERENCE', `"${shown}" is no reference: it must be ${SHAPE}. ${ESCAPE}`);
  const split = splitId(body.slice('tasks.'.length), taskIds);
  const path = split && readPath(split.rest);
  if (split?.word === PARTY_RESULTS && typeof path?.[0] === 'string') {
    return { ok: true, reference: { taskId: split.id, party: path[0], path: path.slice(1) } };
  }
  if (split?.word !== RESULT || path === undefined) {
    return fault(
      'MALFORMED_REFERENCE',
      `"${shown}" must be ${SHAPE}, its path of keys and indexes: a.b[0].c, or ${PARTY_SHAPE}. ${ESCAPE}`,
    );
  }
  return { ok: true, reference: { taskId: split.id, path } };
}

/** The parameter of the chain that stands in `${...}`, and the path into its value: `${params.<name>.<path>}`. */
export function paramIn(body: string | undefined): { name: string; path: readonly (string | number)[] } | undefined {
  const [name, ...path] = (body?.startsWith('params.') && readPath(body.slice('params'.length))) || [];
  return typeof name === 'string' ? { name, path } : undefined;
}

interface SplitId {
  readonly id: string;
  readonly word: string;
  readonly rest: string;
}

function splitId(text: string, taskIds?: { has(taskId: string): boolean }): SplitId | undefined {
  let shortest: SplitId | undefined;
  let longestKnown: SplitId | undefined;
  WORD.lastIndex = 0;
  for (let found = WORD.exec(text); found !== null && found.index <= MAX_TASK_ID; found = WORD.exec(text)) {
    const [word] = found;
    const split = { id: text.slice(0, found.index), word, rest: text.slice(WORD.lastIndex) };
    if (!TASK_ID.test(split.id)) continue;
    shortest ??= split;
    if (taskIds?.has(split.id)) longestKnown = split;
  }
  return longestKnown ?? shortest;
}

/** The steps of a path such as `.a.b[0]`; undefined where it is none. */
export function readPath(text: string): (string | number)[] | undefined {
  const path: (string | number)[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const step = STEP.exec(text);
    if (!step) return undefined;
    path.push(step[1] ?? Number(step[2]));
  }
  return path;
}

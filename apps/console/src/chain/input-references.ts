import { isFields } from '../designer/draft.js';

/** What a string of a task's parameters names: a value of an earlier task, a secret, a dataset or a file. */
export type Input = { readonly pointer: string; readonly written: string } & (
  | { readonly kind: 'result'; readonly taskId: string; readonly path: string }
  | { readonly kind: 'partyResult'; readonly taskId: string; readonly party: string }
  | { readonly kind: 'artifact'; readonly chainId: string; readonly taskId: string }
  | { readonly kind: 'dataset'; readonly party: string; readonly name: string }
  | { readonly kind: 'secret' }
);

const REFERENCE = /\$\$\{|\$\{([^{}]*)\}/g;
const DATASET = /^dataset:([^/]+)\/([^@]+)/;
const ARTIFACT = /^artifact:([^/]+)\/([^/]+)\//;

/** All that the strings of a task's parameters name, in their order. `taskIds` tells ids that hold `.result` apart. */
export function inputsOf(params: unknown, taskIds: ReadonlySet<string>, pointer = ''): Input[] {
  if (typeof params === 'string') return ofText(params, pointer, taskIds);
  if (Array.isArray(params)) return params.flatMap((each, at) => inputsOf(each, taskIds, `${pointer}/${at}`));
  if (!isFields(params)) return [];
  return Object.entries(params).flatMap(([name, each]) => {
    const step = name.replaceAll('~', '~0').replaceAll('/', '~1');
    return inputsOf(each, taskIds, `${pointer}/${step}`);
  });
}

function ofText(text: string, pointer: string, taskIds: ReadonlySet<string>): Input[] {
  const [, party, name] = DATASET.exec(text) ?? [];
  if (party !== undefined && name !== undefined) return [{ pointer, written: text, kind: 'dataset', party, name }];
  const [, chainId, taskId] = ARTIFACT.exec(text) ?? [];
  if (chainId !== undefined && taskId !== undefined) {
    return [{ pointer, written: text, kind: 'artifact', chainId, taskId }];
  }
  return [...text.matchAll(REFERENCE)].flatMap(([written, inner]): Input[] => {
    if (inner === undefined) return [];
    if (inner.startsWith('secrets.')) return [{ pointer, written, kind: 'secret' }];
    const reference = readReference(inner, taskIds);
    return reference === undefined ? [] : [{ pointer, written, ...reference }];
  });
}

/** The longest id of a task that `.result` or `.party_results` follows. */
function readReference(inner: string, taskIds: ReadonlySet<string>) {
  for (const [end] of [...inner.matchAll(/\.(result|party_results)(?=[.[]|$)/g)]
    .map(({ index }) => [index])
    .reverse()) {
    const taskId = inner.slice('tasks.'.length, end);
    if (!inner.startsWith('tasks.') || !taskIds.has(taskId)) continue;
    const path = inner.slice(end).replace(/^\.(result|party_results)/, '');
    if (!inner.slice(end).startsWith('.party_results')) return { kind: 'result', taskId, path } as const;
    return { kind: 'partyResult', taskId, party: stepsOf(path)[0]?.toString() ?? '' } as const;
  }
  return undefined;
}

const stepsOf = (path: string): (string | number)[] =>
  [...path.matchAll(/\[(\d+)\]|\.([^.[\]]+)/g)].map(([, at, key]) => (at === undefined ? key! : Number(at)));

/** What is at a path of a result; undefined where it leads to nothing. */
export function valueAt(result: unknown, path: string): unknown {
  return stepsOf(path).reduce<unknown>((value, step) => {
    if (typeof step === 'number') return Array.isArray(value) ? value[step] : undefined;
    return isFields(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }, result);
}

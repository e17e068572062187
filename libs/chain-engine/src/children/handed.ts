import type { JsonValue } from '#libs/chain-domain';
import { engineQueries, type Queryable } from '#libs/repositories';

/** Artifacts of other chains by their references: the hash of the canonical task that wrote each, null where that has no parties. */
export type Handed = ReadonlyMap<string, string | null>;

/** Marks a parameter of a chain whose value names artifacts of the chain around it. */
const ARTIFACT = 'x-artifact';
const REFERENCE = /^artifact:([^/]+)\/([^/]+)\/(.+)$/s;

/** Whether a parameter takes artifacts. */
export const takesArtifacts = (schema: object): boolean =>
  (schema as Readonly<Record<string, unknown>>)[ARTIFACT] === true;

/** All texts in a value. */
export function textsIn(value: JsonValue): readonly string[] {
  if (typeof value === 'string') return [value];
  return value === null || typeof value !== 'object' ? [] : Object.values(value).flatMap(textsIn);
}

/** Those of the artifacts that a value names. */
export function namedIn(value: JsonValue, handed: Handed): Handed {
  if (handed.size === 0) return handed;
  return new Map(textsIn(value).flatMap((text) => (handed.has(text) ? [[text, handed.get(text)!] as const] : [])));
}

/** The tasks that wrote the artifacts, as `from` of a canonical task names those of other chains. */
export function makersOf(handed: Handed): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...handed].flatMap(([reference, hash]) => {
      const [, chainId, taskId] = REFERENCE.exec(reference)!;
      return hash === null ? [] : [[`${chainId}/${taskId}`, hash]];
    }),
  );
}

/** A task that is about to start a chain, and all values that this may get. */
interface Starting {
  readonly taskRequestId: string;
  readonly child:
    { readonly open: Readonly<Record<string, object>>; readonly forEach?: object | undefined } | undefined;
  readonly values: readonly JsonValue[];
}

/**
 * The artifacts that tasks may hand down to the chains which they start, by the task's request, as far as their values name them. They follow from what is stored and
 * never changes while the chain around runs, so that it does not matter who looks, and how often.
 */
export async function handedDown(db: Queryable, starting: readonly Starting[]): Promise<ReadonlyMap<string, Handed>> {
  const asked = starting.flatMap(({ taskRequestId, child, values }) => {
    // Of a list the instances stand in the place of tasks of the chain itself: all that these could read, they may.
    const isAsking = child?.forEach !== undefined || Object.values(child?.open ?? {}).some(takesArtifacts);
    if (!isAsking) return [];
    return textsIn(values as JsonValue).flatMap((text) => {
      const [, chainId, taskId, name] = REFERENCE.exec(text) ?? [];
      return chainId && taskId && name ? [{ taskRequestId, chainId, taskId, name }] : [];
    });
  });
  if (asked.length === 0) return new Map();
  const found = new Map<string, Map<string, string | null>>();
  for (const { task, chain_id, task_id, name, hash } of await engineQueries.handedArtifacts(db, asked)) {
    const handed = found.get(task) ?? new Map<string, string | null>();
    found.set(task, handed.set(`artifact:${chain_id}/${task_id}/${name}`, hash));
  }
  return found;
}

import { isObject, pointer as pointerOf } from '#libs/chain-domain';
import {
  baseIdOf,
  canonicalJson,
  isSameArtifact,
  originOf,
  type ConsentJson,
  type CoveredTask,
  type HoleBounds,
  type StandingStatement,
  type TaskStatement,
} from '#libs/consent';
import type { Draft } from './statement-book.js';

/** A task as its template writes it, and what the template says of its parameters. */
export interface WrittenTask {
  readonly task_id: string;
  readonly params: unknown;
  /** JSON Schemas by the name of the parameter. */
  readonly schemas: Readonly<Record<string, unknown>>;
}

/** What a standing approval of these tasks says, but for its name and its time; or why there is none. */
export type Drafted =
  Pick<Draft<StandingStatement>, 'origin' | 'proposer' | 'purpose' | 'tasks'> | { readonly differs: string };

/**
 * Drafts the approval of a whole out of some of its tasks. Where instances of a task differ, each value that was seen is allowed; where
 * the template has a parameter, what its schema bounds.
 */
export function draftOf(tasks: readonly TaskStatement[], uses: number, written: readonly WrittenTask[] = []): Drafted {
  const [first] = tasks;
  if (first === undefined) return { differs: 'tasks' };
  const [origin, { proposer, purpose }] = [originOf(first), first];
  for (const task of tasks) {
    if (originOf(task) !== origin) return { differs: 'origin' };
    if (task.proposer !== proposer) return { differs: 'proposer' };
    if (task.purpose !== purpose) return { differs: 'purpose' };
  }
  const alike = new Map<string, TaskStatement[]>();
  for (const task of tasks) {
    const key = canonicalJson([baseIdOf(task.task_id), task.task_type, shapeOf(task.params), sourcesOf(task)]);
    alike.set(key, [...(alike.get(key) ?? []), task]);
  }
  const covered = [...alike.values()].map((each) => coveredBy(each, tasks, uses, written));
  return { origin, proposer, ...(purpose !== undefined && { purpose }), tasks: covered };
}

function coveredBy(
  alike: readonly TaskStatement[],
  all: readonly TaskStatement[],
  uses: number,
  written: readonly WrittenTask[],
): CoveredTask {
  const [first] = alike as [TaskStatement];
  const { task_type, params } = first;
  const task_id = baseIdOf(first.task_id);
  const holes: Record<string, HoleBounds> = {};
  const configs = alike.map((each) => configOf(each.params));
  differing(configs, '', (pointer, values) => {
    holes[pointer] = { enum: [...new Set(values)].sort() };
  });
  const template = written.find((each) => each.task_id === task_id);
  if (template !== undefined) {
    parameters(configOf(template.params), configs[0], '', (pointer, name) => {
      const bounds = boundsOf(template.schemas[name]);
      if (bounds !== undefined) holes[pointer] = bounds;
    });
  }
  return { task_id, task_type, params, holes, from: sourcesSigned(first, all), uses };
}

/** What runs under the approval too is named; the rest is known by its hash. */
function sourcesSigned({ from }: TaskStatement, all: readonly TaskStatement[]): CoveredTask['from'] {
  const signed = new Map<string, string | null>();
  for (const [id, hash] of Object.entries(from)) {
    const base = baseIdOf(id);
    const isCovered = all.some((each) => baseIdOf(each.task_id) === base) || signed.has(base);
    signed.set(base, isCovered ? null : hash);
  }
  return Object.fromEntries(signed);
}

const sourcesOf = ({ from }: TaskStatement): string[] => [...new Set(Object.keys(from).map(baseIdOf))].sort();

const configOf = (params: unknown): unknown => (isObject(params) ? params['task_config'] : undefined);

/** Parameters of which only the values below `task_config` are left out. */
function shapeOf(params: ConsentJson): ConsentJson {
  const { task_config: config, ...rest } = params as Readonly<Record<string, ConsentJson>>;
  return { ...rest, task_config: keysOf(config ?? null) };
}

function keysOf(value: ConsentJson): ConsentJson {
  if (Array.isArray(value)) return (value as readonly ConsentJson[]).map(keysOf);
  if (value === null || typeof value !== 'object') return null;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, keysOf(member)]));
}

/** Calls `found` with each place at which values of the same shape differ. */
function differing(
  values: readonly unknown[],
  at: string,
  found: (pointer: string, values: readonly (string | number | boolean | null)[]) => void,
): void {
  const [first] = values;
  if (typeof first !== 'object' || first === null) {
    // What was handed on from turn to turn needs no hole.
    if (values.some((each) => each !== first && !isSameArtifact(each, first))) found(at, values as readonly string[]);
    return;
  }
  for (const name of Object.keys(first)) {
    const members = values.map((each) => (each as Readonly<Record<string, unknown>>)[name]);
    differing(members, at + pointerOf(name), found);
  }
}

/** Calls `found` with each place that is a parameter as a whole. */
function parameters(
  written: unknown,
  value: unknown,
  at: string,
  found: (pointer: string, name: string) => void,
): void {
  const name = typeof written === 'string' ? /^\$\{params\.([A-Za-z_][A-Za-z0-9_-]*)\}$/.exec(written)?.[1] : undefined;
  if (name !== undefined && at !== '') found(at, name);
  if (typeof written !== 'object' || written === null || typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(written))
    parameters(member, (value as Readonly<Record<string, unknown>>)[key], at + pointerOf(key), found);
}

/** The bounds that a schema sets, if they are some that an approval can hold. */
function boundsOf(schema: unknown): HoleBounds | undefined {
  if (!isObject(schema)) return undefined;
  const { enum: values, minimum, maximum } = schema;
  if (Array.isArray(values) && values.every((each) => typeof each !== 'object' || each === null))
    return { enum: values as readonly string[] };
  return typeof minimum === 'number' && typeof maximum === 'number' ? { min: minimum, max: maximum } : undefined;
}

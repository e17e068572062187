import { fills } from './bounds.js';
import { canonicalJson } from './canonical-json.js';
import { isOver, type LedgerEntry, type UseRequest } from './judge.js';
import { subjectOf, type CoveredTask, type HoleBounds, type StandingStatement } from './statements.js';
import type { TaskStatement } from './task-statement.js';
import { INPUT_FIELDS, obeysText } from './uses.js';

/** The task of a standing approval that a task is one instance, turn or run of. */
export interface Covering {
  readonly standing: StandingStatement;
  readonly covered: CoveredTask;
  /** Names the two in a ledger and in a lineage. A newer statement of the same name is another. */
  readonly key: string;
}

/** The whole that a task belongs to: its schedule, else the outermost chain around it. */
export const originOf = ({ origin, chain_id: chainId }: Pick<TaskStatement, 'origin' | 'chain_id'>): string =>
  origin ?? `chain:${chainId}`;

/** The id of the task that an instance of `for_each` was made of; that of any other task. Of a task of another chain, its id there. */
export const baseIdOf = (taskId: string): string => taskId.slice(taskId.lastIndexOf('/') + 1).split('[')[0]!;

/** The task of a standing approval that covers `task`, whatever its time and uses; or why none does. */
export function coveringOf(standing: StandingStatement, task: TaskStatement): Covering | { readonly misfit: string } {
  if (standing.decision !== 'approve') return { misfit: 'it was withdrawn' };
  if (standing.origin !== originOf(task)) return { misfit: `it is for ${standing.origin}` };
  if (standing.proposer !== task.proposer)
    return { misfit: `it is not for chains of ${task.proposer ?? 'a key without a party'}` };
  if (standing.purpose !== task.purpose) return { misfit: 'it is for another purpose (metadata.purpose)' };
  const base = baseIdOf(task.task_id);
  let misfit = `it names no task ${base} of the type ${task.task_type}`;
  for (const [index, covered] of standing.tasks.entries()) {
    if (covered.task_id !== base || covered.task_type !== task.task_type) continue;
    const wrong = misfitOf(covered, task);
    if (wrong === undefined) return { standing, covered, key: `${subjectOf(standing)} ${standing.serial} ${index}` };
    misfit = wrong;
  }
  return { misfit };
}

/** Why a task that fits a standing approval has no use of it left, or undefined. `ledger`: the uses before this one. */
export function misuseOf(
  { standing, covered, key }: Covering,
  request: Pick<UseRequest, 'use' | 'asWritten'>,
  ledger: readonly LedgerEntry[],
  now: string,
): string | undefined {
  if (!request.asWritten) return 'a file or a parameter comes from a result, which it does not cover';
  if (isOver(standing.expires_at, now)) return `it expired at ${standing.expires_at}`;
  const uses = new Set(ledger.filter(({ approval }) => approval === key).map(({ use }) => use));
  uses.delete(request.use);
  return uses.size < covered.uses ? undefined : `it covers ${covered.uses} uses of ${covered.task_id}, which it had`;
}

/**
 * Whether a file that task `source` made may be read: that task was signed for itself, or made it under the same approval, as the `marks`
 * beside the file say.
 */
export function coversSource({ standing, covered, key }: Covering, source: string, marks: readonly string[]): boolean {
  const base = baseIdOf(source);
  if (!Object.hasOwn(covered.from, base)) return false;
  if (covered.from[base] !== null) return true;
  const statement = key.slice(0, key.lastIndexOf(' '));
  return standing.tasks.some((each, index) => each.task_id === base && marks.includes(`${statement} ${index}`));
}

/**
 * Whether two values name the same file of the same task, each of another chain: what was handed down to another turn. Which chain wrote it the
 * file itself shows, when it is opened: see {@link coversSource}.
 */
export function isSameArtifact(one: unknown, other: unknown): boolean {
  const [file, another] = [one, other].map((value) =>
    typeof value === 'string' ? /^artifact:[^/]+\/(.+)$/s.exec(value)?.[1] : undefined,
  );
  return file !== undefined && file === another;
}

function misfitOf(covered: CoveredTask, { params, from, task_type: type }: TaskStatement): string | undefined {
  const { task_config: config, ...rest } = params as Readonly<Record<string, unknown>>;
  const { task_config: signed, ...others } = covered.params as Readonly<Record<string, unknown>>;
  if (canonicalJson(rest) !== canonicalJson(others)) return 'its parameters beside task_config are others';
  if (obeysText(type) && Object.entries(covered.holes).some(opensText)) return 'it leaves a text open that is obeyed';
  const place = strangerIn(signed, config, covered.holes, '');
  if (place !== undefined) return `${place || 'task_config'} is outside its bounds`;
  return comesFrom(covered.from, from) ? undefined : 'its inputs come from other tasks';
}

/** Whether a place leaves open more than texts that the owner has read, and is no file. */
const opensText = ([pointer, bounds]: readonly [string, HoleBounds]): boolean =>
  bounds.enum === undefined && !isInput(pointer);

/** Whether a place of a config holds a file of a party. */
const isInput = (pointer: string): boolean => INPUT_FIELDS.some((name) => pointer.startsWith(`/${name}/`));

/** The place, as a JSON pointer, where `given` is neither what was signed nor within the bounds of a hole; undefined if there is none. */
function strangerIn(
  signed: unknown,
  given: unknown,
  holes: Readonly<Record<string, HoleBounds>>,
  at: string,
): string | undefined {
  if (Object.hasOwn(holes, at)) return fills(holes[at]!, given) ? undefined : at;
  if (typeof signed !== 'object' || signed === null) {
    return signed === given || (isInput(at) && isSameArtifact(signed, given)) ? undefined : at;
  }
  if (typeof given !== 'object' || given === null || Array.isArray(signed) !== Array.isArray(given)) return at;
  const [before, after] = [new Map(Object.entries(signed)), new Map(Object.entries(given))];
  for (const name of after.keys()) if (!before.has(name)) return `${at}/${escaped(name)}`;
  for (const [name, value] of before) {
    const stranger = strangerIn(value, after.get(name), holes, `${at}/${escaped(name)}`);
    if (stranger !== undefined) return stranger;
  }
  return undefined;
}

/** A name in a JSON pointer (RFC 6901). */
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

function comesFrom(signed: CoveredTask['from'], given: TaskStatement['from']): boolean {
  const hashes = new Map<string, string[]>();
  for (const [id, hash] of Object.entries(given)) hashes.set(baseIdOf(id), [...(hashes.get(baseIdOf(id)) ?? []), hash]);
  const names = Object.keys(signed);
  return (
    names.length === hashes.size &&
    names.every((name) => {
      const found = hashes.get(name);
      return found !== undefined && (signed[name] === null || found.every((hash) => hash === signed[name]));
    })
  );
}

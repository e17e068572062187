import { randomBytes } from 'node:crypto';
import { PARTY } from '../contract/config-schema.js';
import { TaskFailure, type Artifact, type JsonSafe, type PartyResult, type TaskRun } from '../contract/task-type.js';
import { DealerDone } from '../contract/site.js';
import { isMap } from '../contract/json-values.js';
import { violation } from './from-party.js';
import { SAFE_PART } from './input-files.js';
import { publish } from './output-files.js';
import type { PartyModule, PartyUrl } from './party-program.js';
import { NEUTRAL } from './party-link.js';
import type { CrossedMessage } from './party-lines.js';
import type { Outside, PartyOutcome } from './party-outcome.js';
import { PartyProcesses, type RunOfParties } from './party-processes.js';

export type { CrossedMessage } from './party-lines.js';
export type { Outside, PartyOutcome } from './party-outcome.js';

/** What to run in the processes of one task. */
export interface PartyRun<
  Args extends JsonSafe<Args>,
  Value extends JsonSafe<Value>,
  NeutralArgs extends JsonSafe<NeutralArgs>,
  NeutralValue extends JsonSafe<NeutralValue>,
> {
  readonly program: PartyUrl<PartyModule<Args, Value>>;
  /** Arguments of each party: a party sees only its own. */
  readonly parties: Readonly<Record<string, NoInfer<Args>>>;
  /** A process that belongs to no party (`NEUTRAL`), e.g. the dealer of an MPC protocol. It has no tables. */
  readonly neutral?:
    | {
        readonly program: PartyUrl<PartyModule<NeutralArgs, NeutralValue>>;
        readonly args: NoInfer<NeutralArgs>;
        /** Whether it leaves artifacts: no other neutral process may write. */
        readonly keepsFiles?: boolean;
      }
    | undefined;
  /** Whether the programs load a native addon, which Node's permission model otherwise refuses. */
  readonly addons?: boolean;
  readonly run: RunOfParties;
  /**
   * Goes on without a party whose process dies or stops on an unforeseen error: its peers' receives throw PARTY_LOST, and it
   * has no outcome and no files. Otherwise the loss of a party ends the run.
   */
  readonly toleratesLoss?: boolean;
  /** The party whose value makes the result, where the others may come to null. Absent: each party's value does. */
  readonly resultOf?: string;
  /** What the run does while the parties wait in `context.outside()`. */
  readonly outside?: Outside;
  /** For tests: gets every message that crosses. */
  readonly recorder?: ((message: CrossedMessage) => void) | undefined;
}

export interface PartyOutcomes<Value, NeutralValue> {
  /** By party, in the order of names. A lost party has none. */
  readonly parties: Readonly<Record<string, PartyOutcome<Value>>>;
  readonly neutral: PartyOutcome<NeutralValue> | undefined;
  /** Artifacts of all processes, in the order of the parties. */
  readonly artifacts: readonly Artifact[];
  /** By party: what it alone may read. */
  readonly partyResults: Readonly<Record<string, PartyResult>>;
}

/** As deep as a result may be nested: the value of a party is no deeper. */
const MOST_LEVELS = 32;

/**
 * Runs one program per party to its end, and returns each party's value and artifacts. All output files appear together,
 * after the last party has succeeded. The first failure ends every process: a TaskFailure comes through as it is, a
 * process that dies gives PARTY_LOST (retryable), and one that takes too much memory OUT_OF_MEMORY. When `run.signal` aborts,
 * processes and temporary files are gone before the promise rejects with the signal's reason. Log lines report the start and each party's end in counts.
 */
export async function runParties<
  Args extends JsonSafe<Args>,
  Value extends JsonSafe<Value>,
  NeutralArgs extends JsonSafe<NeutralArgs> = null,
  NeutralValue extends JsonSafe<NeutralValue> = null,
>(call: PartyRun<Args, Value, NeutralArgs, NeutralValue>): Promise<PartyOutcomes<Value, NeutralValue>> {
  const { run, neutral } = call;
  run.signal.throwIfAborted();
  const names = Object.keys(call.parties).sort();
  checkNames(run, names);
  const processes = new PartyProcesses({ ...call, names, token: `${run.attempt}-${randomBytes(6).toString('hex')}` });
  const held = new Set<string>();
  try {
    await processes.run([
      ...names.map((name) => ({ name, program: call.program, args: call.parties[name], keepsFiles: true })),
      ...(neutral ? [{ keepsFiles: false, ...neutral, name: NEUTRAL }] : []),
    ]);
    const present = await processes.outcomes();
    if (run.site) checkTold(run.site.party, present, call.resultOf);
    const files = present.flatMap(({ written }) => written);
    if (run.hold) {
      run.hold(files);
      for (const { temporary } of files) held.add(temporary);
    } else await publish(files);
    if (run.site?.party === NEUTRAL) throw new DealerDone('The parties have what the task made.');
    const outcomes = present.map(({ name, outcome }) => [name, outcome] as const);
    return {
      parties: Object.fromEntries(outcomes.filter(([name]) => name !== NEUTRAL)) as Record<string, PartyOutcome<Value>>,
      neutral: outcomes.find(([name]) => name === NEUTRAL)?.[1] as PartyOutcome<NeutralValue> | undefined,
      artifacts: outcomes.flatMap(([, { artifacts }]) => artifacts),
      partyResults: Object.fromEntries(outcomes.flatMap(([name, { own }]) => (own === null ? [] : [[name, own]]))),
    };
  } finally {
    await processes.stop(held);
  }
}

/**
 * Checks what other sites say that their programs came to, before a file is published: the result is made of it. Each field has to be of the
 * kind of the own one; null stands for nothing. Throws PROTOCOL_VIOLATION.
 */
function checkTold(
  own: string,
  members: readonly { readonly name: string; readonly outcome: PartyOutcome }[],
  resultOf: string | undefined,
): void {
  for (const { name, outcome } of members)
    if (name !== own && isTooDeep(outcome.value))
      throw violation(name, `says that it came to what is nested deeper than ${MOST_LEVELS} levels`);
  const value = members.find(({ name }) => name === own)?.outcome.value;
  // A dealer gets no values.
  if (own === NEUTRAL || (!isMap(value) && resultOf === undefined)) return;
  for (const { name, outcome } of members) {
    if (name === own || name === NEUTRAL) continue;
    const { value: told } = outcome;
    if (told === null && resultOf !== undefined && name !== resultOf) continue;
    if (!isMap(told)) throw violation(name, 'says that it came to what is no map');
    const odd = isMap(value) ? Object.keys(value).find((key) => !isLike(value[key], told[key])) : undefined;
    if (odd !== undefined) throw violation(name, `says that it came to a ${odd} of another kind`);
  }
}

/** Looks level by level: what is nested deeply enough takes the whole stack of a function that calls itself. */
function isTooDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; depth <= MOST_LEVELS; depth += 1) {
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? Object.values(each as Record<string, unknown>) : [],
    );
    if (level.length === 0) return false;
  }
  return true;
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'list' : typeof value);
const isLike = (own: unknown, told: unknown): boolean =>
  own === null || told === null || told === undefined || kindOf(own) === kindOf(told);

function checkNames(run: Pick<TaskRun, 'chainId' | 'taskId' | 'own'>, parties: readonly string[]): void {
  for (const party of parties) {
    if (!PARTY.test(party)) throw new TaskFailure('INVALID_PARAMS', `${JSON.stringify(party)} is no name for a party.`);
  }
  for (const id of [run.chainId, run.taskId, ...Object.values(run.own ?? {}).map(({ taskId }) => taskId)]) {
    if (!SAFE_PART.test(id)) throw new TaskFailure('INVALID_PARAMS', `${JSON.stringify(id)} cannot name a folder.`);
  }
}

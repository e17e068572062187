/**
 * Conditions (`when`): CEL expressions that decide at dispatch whether a task runs.
 *
 * `tasks.<id>.status` and `.result` of ancestors (result is null if the task has none), `chain.name`, `.type` and
 * `.metadata`, and `params`: the task's own `task_params` as they were sent, references not resolved, since a
 * condition may be there to guard them. A key that may be missing is guarded by has(): `has(tasks.a.result.n) &&
 * tasks.a.result.n > 3`; a missing one is an error, and an error fails the task.
 *
 * By `@bufbuild/cel`, compared with `@marcbachmann/cel-js`: it passes CEL's own conformance suite and takes `has()`
 * on `tasks["a-b"].result.n`, which the other refuses, and its tree can be made to count its steps. The other has no
 * dependencies and parses ten times faster, but matches() there is JavaScript's backtracking RegExp. Neither limits
 * what an evaluation costs: `cel/budget.ts` does.
 */
import { celEnv, isCelError, plan, type CelInput } from '@bufbuild/cel';
import { withBudget } from './cel/budget.js';
import { functions } from './cel/functions.js';
import { celOf } from './cel/json-values.js';
import { readCondition } from './cel/read-condition.js';

/** The variables of a condition. */
export interface ConditionScope {
  /** Status and result of the tasks that are named; others are not there. */
  readonly tasks: Readonly<Record<string, { readonly status: string; readonly result: unknown }>>;
  readonly chain: { readonly name: string; readonly type: string; readonly metadata: unknown };
  readonly params: unknown;
}

export type ConditionOutcome =
  | { readonly kind: 'true' }
  | { readonly kind: 'false'; readonly condition: string }
  /** It came to an error or to no bool. */
  | { readonly kind: 'fault'; readonly condition: string; readonly message: string };

type Evaluate = (scope: Readonly<Record<string, CelInput>>) => unknown;

const environment = celEnv({ funcs: functions });
const MAX_CACHED = 1_000;
/** Conditions that were evaluated lately, ready to run, or why they cannot be read. */
const cache = new Map<string, Evaluate | string>();

/** Whether all conditions hold: the first that does not decides. */
export function evaluateConditions(conditions: readonly string[], scope: ConditionScope): ConditionOutcome {
  const values = { tasks: celOf(scope.tasks), chain: celOf(scope.chain), params: celOf(scope.params) };
  for (const condition of conditions) {
    const evaluate = compiled(condition);
    if (typeof evaluate === 'string') return { kind: 'fault', condition, message: evaluate };
    const result = withBudget(() => evaluate(values));
    if (result === true) continue;
    if (result === false) return { kind: 'false', condition };
    const message = isCelError(result) ? wordsOf(result.message) : `it is no bool but ${typeOf(result)}`;
    return { kind: 'fault', condition, message };
  }
  return { kind: 'true' };
}

function compiled(condition: string): Evaluate | string {
  const known = cache.get(condition);
  if (known !== undefined) return known;
  const reading = readCondition(condition);
  const made = reading.ok ? plan(environment, reading.parsed) : reading.message;
  if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value!);
  cache.set(condition, made);
  return made;
}

function wordsOf(message: string): string {
  if (message.startsWith('field not found')) return `${message}: guard it with has()`;
  return message.replace(/'(?:_(.{1,2})_|@(in))'/g, "'$1$2'");
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'bigint' || typeof value === 'number' ? 'a number' : `a ${typeof value}`;
}

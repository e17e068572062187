import type { Bug } from './bugs.js';
import type { Connections } from './rows.js';
import { scenarioOf, type ScenarioOptions } from './scenario.js';
import { replay, type Outcome } from './schedule.js';
import type { Action } from './actions.js';

/** A schedule is run again at most this often to make it shorter. */
const MOST_TRIES = 400;

/** Drops actions of a failed schedule as long as the same invariant still breaks: what is left is needed. */
export async function shrink(
  connections: Connections,
  outcome: Outcome,
  bugs: ReadonlySet<Bug>,
  options: ScenarioOptions = {},
  mostTries = MOST_TRIES,
): Promise<Outcome> {
  const scenario = scenarioOf(outcome.seed, options);
  const { invariant } = outcome.violation!;
  let best = outcome;
  let tries = 0;
  for (let size = Math.ceil(best.actions.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < best.actions.length;) {
      if (++tries > mostTries) return best;
      const fewer = best.actions.toSpliced(start, size);
      const tried = await replay(connections, scenario, fewer, bugs);
      if (tried.violation?.invariant === invariant) best = tried;
      else start += size;
    }
  }
  return best;
}

/** A schedule in words: the chains it starts from, then one line for each action. */
export async function trace(
  connections: Connections,
  outcome: Outcome,
  bugs: ReadonlySet<Bug>,
  options: ScenarioOptions = {},
): Promise<string> {
  const scenario = scenarioOf(outcome.seed, options);
  const lines = [`seed ${outcome.seed}: ${scenario.listeners} listeners, ${scenario.workers} workers`];
  for (const { id, made } of scenario.chains) {
    const { maxParallel, stopOnError, timeoutSeconds, tasks } = made;
    lines.push(`${id}: max_parallel ${maxParallel}, stop_on_error ${stopOnError}, ${timeoutSeconds} s`);
    for (const { taskId, triggerRule, retryPolicy, tolerable, predecessors, conditions, endChain } of tasks) {
      const more = [
        `${JSON.stringify(triggerRule)} of [${predecessors.join(' ')}]`,
        `${retryPolicy.maxRetries} retries`,
      ];
      if (retryPolicy.onExhausted === 'pause') more.push('then pause');
      if (tolerable) more.push('tolerable');
      if (endChain) more.push(`ends the chain: ${JSON.stringify(endChain)}`);
      lines.push(`  ${taskId}: ${[...more, ...conditions].join(', ')}`);
    }
  }
  let start: number | undefined;
  const again = await replay(connections, scenario, outcome.actions, bugs, (action, { clock }) => {
    start ??= clock.now;
    lines.push(`${((clock.now - start) / 1000).toFixed(2).padStart(7)} s  ${inWords(action)}`);
  });
  if (again.violation) lines.push(again.violation.message);
  return lines.join('\n');
}

function inWords(action: Action): string {
  const { kind } = action;
  if (kind === 'step') return `${action.process}: ${action.what}`;
  if (kind === 'command') return `operator, ${action.chainId}: ${JSON.stringify(action.command)}`;
  const { kind: _, ...rest } = action;
  return `${kind} ${Object.values(rest).join(' ')}`;
}

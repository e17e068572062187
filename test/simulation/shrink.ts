import type { Bug } from './bugs.js';
import { scenarioOf, type ScenarioOptions } from './scenario.js';
import { replay, type Outcome } from './schedule.js';
import { World, type Action } from './world.js';

/** Drops actions of a failed schedule as long as the same invariant still breaks: what is left is needed. */
export function shrink(outcome: Outcome, bugs: ReadonlySet<Bug>, options: ScenarioOptions = {}): Outcome {
  const scenario = scenarioOf(outcome.seed, options);
  const { invariant } = outcome.violation!;
  let best = outcome;
  for (let size = Math.ceil(best.actions.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < best.actions.length;) {
      const fewer = best.actions.toSpliced(start, size);
      const tried = replay(scenario, fewer, bugs);
      if (tried.violation?.invariant === invariant) best = tried;
      else start += size;
    }
  }
  return best;
}

/** A schedule in words: the chains it starts from, then one line for each action. */
export function trace(outcome: Outcome, bugs: ReadonlySet<Bug>, options: ScenarioOptions = {}): string {
  const scenario = scenarioOf(outcome.seed, options);
  const lines = [`seed ${outcome.seed}: ${scenario.listeners} listeners, ${scenario.workers} workers`];
  for (const { id, chain, tasks } of scenario.chains) {
    lines.push(`${id}: max_parallel ${chain.maxParallel}, stop_on_error ${chain.stopOnError}, ${chain.timeoutMs} ms`);
    for (const { task, predecessors, gate } of tasks) {
      const { taskId, triggerRule, retry, tolerable } = task;
      const more = [`${JSON.stringify(triggerRule)} of [${predecessors.join(' ')}]`, `${retry.maxRetries} retries`];
      if (retry.onExhausted === 'pause') more.push('then pause');
      if (tolerable) more.push('tolerable');
      if (gate !== 'open') more.push(gate);
      lines.push(`  ${taskId}: ${more.join(', ')}`);
    }
  }
  const world = new World(scenario, bugs);
  const start = world.clock.now;
  for (const action of outcome.actions) {
    lines.push(`${((world.clock.now - start) / 1000).toFixed(2).padStart(7)} s  ${inWords(action, world)}`);
    try {
      world.apply(action);
    } catch {
      break;
    }
  }
  if (outcome.violation) lines.push(outcome.violation.message);
  return lines.join('\n');
}

function inWords(action: Action, world: World): string {
  const { kind } = action;
  if (kind === 'step') return `${action.machine}: ${world.nextOf(action.machine) ?? 'is gone'}`;
  if (kind === 'command') return `operator, ${action.chainId}: ${JSON.stringify(action.command)}`;
  const { kind: _, ...rest } = action;
  return `${kind} ${Object.values(rest).join(' ')}`;
}

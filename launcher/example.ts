import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChainView, TaskView } from './chain-view.js';

/** The example that the demo runs. Compiled, this file lies in dist/launcher. */
export const EXAMPLE = fileURLToPath(new URL('../../examples/breast-cancer', import.meta.url));

/** Puts each party's tables where that party's tasks read them: `<example>/<party>/…` to `<dataRoot>/<party>/…`. */
export function copyTables(example: string, dataRoot: string): void {
  for (const entry of readdirSync(example, { withFileTypes: true })) {
    if (entry.isDirectory()) cpSync(join(example, entry.name), join(dataRoot, entry.name), { recursive: true });
  }
}

/** The body of POST /chains for the example, to be started at once. */
export function readChain(example: string): Record<string, unknown> {
  return { ...(JSON.parse(readFileSync(join(example, 'chain.json'), 'utf8')) as object), execute: true };
}

/** What a user wants to know at the end: `name: value` lines out of the tasks' results. */
export function summarise(chain: ChainView, artifactRoot: string): string[] {
  const resultOf = (type: string) => {
    const task = chain.tasks.find((each) => each.task_type === type && each.status === 'SUCCESS');
    return (task?.result ?? {}) as Record<string, unknown>;
  };
  const metrics = (resultOf('biclassification_eval').metrics ?? {}) as Record<string, unknown>;
  const figures: [string, unknown][] = [
    ['PSI intersection', resultOf('psi').intersection_count],
    ['AUC', rounded(metrics.auc)],
    ['KS', rounded(metrics.ks)],
    ['accuracy', rounded(metrics.accuracy)],
    ['HTML report', reportOf(chain, artifactRoot)],
  ];
  const known = figures.filter(([, value]) => value !== undefined);
  return known.map(([name, value]) => `${`${name}:`.padEnd(18)}${String(value)}`);
}

function reportOf(chain: ChainView, artifactRoot: string): string | undefined {
  const path = (task: TaskView) => join(artifactRoot, chain.chain_id, task.task_id, 'report.html');
  return chain.tasks
    .filter((task) => task.task_type === 'report')
    .map(path)
    .find(existsSync);
}

function rounded(value: unknown): string | undefined {
  return typeof value === 'number' ? value.toFixed(4) : undefined;
}

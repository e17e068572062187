import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { ChainView, TaskView } from '#libs/chain-view';
import { exampleFile, summarise } from './example.js';

const task = (task_id: string, task_type: string, status: string, more: Partial<TaskView> = {}): TaskView => ({
  task_id,
  task_type,
  status,
  level: 0,
  depends_on: [],
  ...more,
});
const chain: ChainView = { chain_id: 'chain-1', chain_name: 'Example', status: 'RUNNING', tasks: [] };

describe('the end of the demo', () => {
  it('tells the figures that there are', () => {
    const tasks = [
      task('join', 'psi', 'SUCCESS', { result: { intersection_count: 569 } }),
      task('eval', 'biclassification_eval', 'SUCCESS', {
        result: { metrics: { auc: 0.99441, ks: 0.9, accuracy: 0.97 } },
      }),
    ];
    expect(summarise({ ...chain, tasks }, '/nowhere')).toEqual([
      'PSI intersection: 569',
      'AUC:              0.9944',
      'KS:               0.9000',
      'accuracy:         0.9700',
    ]);
    expect(summarise(chain, '/nowhere')).toEqual([]);
  });
});

describe('the example at sites', () => {
  it('is the example, but for where its parties are and what they are asked', () => {
    const file = exampleFile('breast-cancer');
    const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as { tasks: object[]; options: object };
    const [local, atSites] = [read(file), read(join(file, '..', 'at-sites.json'))];
    const without = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (key, each: unknown) =>
          key === 'sf_init_config' || key === 'title' ? undefined : each,
        ).replaceAll(/"dataset:\w+\/([\w-]+)@1"/g, '"$1.csv"'),
      );
    expect(without(atSites.tasks)).toEqual(without(local.tasks));
    expect(atSites.options).toEqual(local.options);
  });
});

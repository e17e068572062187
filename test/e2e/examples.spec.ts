import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { exampleNames } from '../../launcher/parts/example.js';
import { ExampleOutcome } from './example-outcome.js';
import { EXPECTED } from './expected-figures.js';
import { startSystem, type RunningSystem } from './running-system.js';

/** It comes before the task waits. */
async function sendSignal({ api }: RunningSystem): Promise<void> {
  const body = JSON.stringify({ name: 'file-arrived', key: 'patients', payload: { columns: ['id'] } });
  const headers = { authorization: `Bearer ${api.key}`, 'content-type': 'application/json' };
  expect((await fetch(`${api.url}/signals`, { method: 'POST', headers, body })).status).toBe(201);
}

async function answer({ api }: RunningSystem): Promise<void> {
  const headers = { authorization: `Bearer ${api.key}`, 'content-type': 'application/json' };
  for (;;) {
    const { items } = (await (await fetch(`${api.url}/sign-offs`, { headers })).json()) as {
      items: { chain_id: string; task_id: string }[];
    };
    const [asks] = items;
    if (asks !== undefined) {
      const body = JSON.stringify({ decision: 'approve', answer: { column: 'id' } });
      const path = `${api.url}/chains/${asks.chain_id}/tasks/${asks.task_id}/sign-off`;
      expect((await fetch(path, { method: 'POST', headers, body })).status).toBe(200);
      return;
    }
    await delay(100);
  }
}

/** One run of the system for all examples, as `npm start` runs it: embedded PostgreSQL, three apps, real tables. */
describe('the examples', () => {
  let system: RunningSystem;

  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(() => system.stop());

  it('have figures to expect, each of them', () => {
    expect([...Object.keys(EXPECTED), 'tasks/component'].sort()).toEqual(exampleNames());
  });

  it('have a chain of each kind', () => {
    const chains = exampleNames().filter((name) => !name.startsWith('tasks/'));
    expect(chains).toEqual([
      'branching',
      'breast-cancer',
      'compensation',
      'credit-scoring',
      'encrypted-delivery',
      'ending',
      'federated-loop',
      'federated-training',
      'for-each',
      'for-each-result',
      'nested',
      'psi-pipeline',
      'risk-control',
      'sign-off',
      'signal',
      'three-party-scoring',
      'three-party-validation',
      'turns',
      'waiting',
    ]);
  });

  // Each example is held to a fresh system. They share tables, and each run counts in the ledgers of their owners.
  beforeEach(() => {
    for (const party of readdirSync(system.config.dataRoot)) {
      rmSync(join(system.config.dataRoot, party, '.party', 'ledger.jsonl'), { force: true });
    }
  });

  // What only another engine runs is run beside that: component.spec.ts.
  for (const name of exampleNames().filter((each) => each !== 'tasks/component')) {
    it(`${name} ends in SUCCESS with the figures that it should have`, async () => {
      const { owners, config, wrote, signal } = system;
      if (name === 'signal') await sendSignal(system);
      const started = await owners.start(name);
      if (name === 'sign-off') await answer(system);
      const chain = await owners.watch(started, { signal });
      const failures = chain.tasks.flatMap(({ task_id, error }) => (error ? [{ task_id, error }] : []));
      expect({ status: chain.status, failures, wrote }).toEqual({ status: 'SUCCESS', failures: [], wrote });
      const results = Object.fromEntries(chain.tasks.map(({ task_id, result }) => [task_id, result]));
      await EXPECTED[name]!(new ExampleOutcome(results, config));
    });
  }
});

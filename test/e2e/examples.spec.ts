import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
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

/** One run of the system for all examples, as `npm start` runs it: embedded PostgreSQL, three apps, real tables. */
describe('the examples', () => {
  let system: RunningSystem;

  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(() => system.stop());

  it('have figures to expect, each of them', () => {
    expect(Object.keys(EXPECTED).sort()).toEqual(exampleNames());
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
      'federated-training',
      'for-each',
      'nested',
      'psi-pipeline',
      'risk-control',
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

  for (const name of exampleNames()) {
    it(`${name} ends in SUCCESS with the figures that it should have`, async () => {
      const { owners, config, wrote, signal } = system;
      if (name === 'signal') await sendSignal(system);
      const chain = await owners.watch(await owners.start(name), { signal });
      const failures = chain.tasks.flatMap(({ task_id, error }) => (error ? [{ task_id, error }] : []));
      expect({ status: chain.status, failures, wrote }).toEqual({ status: 'SUCCESS', failures: [], wrote });
      const results = Object.fromEntries(chain.tasks.map(({ task_id, result }) => [task_id, result]));
      await EXPECTED[name]!(new ExampleOutcome(results, config));
    });
  }
});

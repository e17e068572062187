import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { expect } from 'expect';
import { readConfig } from '#libs/platform';
import { APPS } from '../../launcher/apps.js';
import { createChain, followChain, type Api } from '../../launcher/chain-client.js';
import { copyTables, exampleNames, readExample } from '../../launcher/example.js';
import { migrateAll } from '../../launcher/schema.js';
import { withSystem } from '../../launcher/system.js';
import { ExampleOutcome } from './example-outcome.js';
import { EXPECTED } from './expected-figures.js';

/** One run of the system for all examples, as `npm start` runs it: embedded PostgreSQL, three apps, real tables. */
describe('the examples', { timeout: 280_000 }, () => {
  const stop = new AbortController();
  const dataDir = mkdtempSync(join(tmpdir(), 'tc-examples-'));
  const config = readConfig({ DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'warn' });
  const wrote: string[] = [];
  let api: Api;
  let ended: Promise<void>;

  before(async () => {
    copyTables(config.dataRoot);
    const say = (words: string) => void wrote.push(words);
    const options = { config, apps: APPS, migrate: migrateAll, say, onLine: (_: string, line: string) => say(line) };
    await new Promise<void>((ready, failed) => {
      ended = withSystem(options, stop.signal, new AbortController().signal, async (system) => {
        api = { url: `${system.url}/api/v1`, key: system.apiKey };
        ready();
        await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
      });
      ended.catch(failed);
    });
  });
  after(async () => {
    stop.abort();
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('have figures to expect, each of them', () => {
    expect(Object.keys(EXPECTED).sort()).toEqual(exampleNames());
  });

  it('have a chain of each kind', () => {
    const chains = exampleNames().filter((name) => !name.startsWith('tasks/'));
    expect(chains).toEqual([
      'breast-cancer',
      'credit-scoring',
      'encrypted-delivery',
      'federated-training',
      'psi-pipeline',
      'three-party-validation',
    ]);
  });

  for (const name of exampleNames()) {
    it(`${name} ends in SUCCESS with the figures that it should have`, async () => {
      const chainId = await createChain(api, readExample(name), stop.signal);
      const chain = await followChain(api, chainId, stop.signal, () => {});
      const failures = chain.tasks.flatMap(({ task_id, error }) => (error ? [{ task_id, error }] : []));
      expect({ status: chain.status, failures, wrote }).toEqual({ status: 'SUCCESS', failures: [], wrote });
      const results = Object.fromEntries(chain.tasks.map(({ task_id, result }) => [task_id, result]));
      await EXPECTED[name]!(new ExampleOutcome(results, config));
    });
  }
});

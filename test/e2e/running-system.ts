import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig, type Config } from '#libs/platform';
import { APPS } from '../../launcher/parts/apps.js';
import { copyTables, exampleNames, SCRIPTS } from '../../launcher/parts/example.js';
import { Owners } from '../../launcher/parts/owners.js';
import { migrateAll } from '../../launcher/parts/schema.js';
import { withSystem, type System } from '../../launcher/parts/system.js';

/** Where the API is, up to its version, and the key that opens it. */
export interface Api {
  readonly url: string;
  readonly key: string | undefined;
}

/** The system as `npm start` runs it, in a new folder, with the tables of all examples, whose owners have claimed them. */
export interface RunningSystem {
  readonly api: Api;
  readonly config: Config;
  readonly owners: Owners;
  /** Every line that the launcher and the apps wrote. */
  readonly wrote: readonly string[];
  /** Aborted by `stop()`. */
  readonly signal: AbortSignal;
  stop(): Promise<void>;
}

/** Starts it: embedded PostgreSQL, three apps. `settings` are more variables of its environment. Rejects when an app does not come up. */
export async function startSystem(settings: Readonly<Record<string, string>> = {}): Promise<RunningSystem> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tc-e2e-'));
  const config = readConfig({ DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'warn', SCRIPT_TASKS: SCRIPTS, ...settings });
  const stop = new AbortController();
  const wrote: string[] = [];
  copyTables(config.dataRoot);
  const say = (words: string) => void wrote.push(words);
  const options = { config, apps: APPS, migrate: migrateAll, say, onLine: (_: string, line: string) => say(line) };
  let ended!: Promise<void>;
  const { url, apiKey } = await new Promise<System>((ready, failed) => {
    ended = withSystem(options, stop.signal, new AbortController().signal, async (system) => {
      ready(system);
      await new Promise((resolve) => stop.signal.addEventListener('abort', resolve));
    });
    ended.catch(failed);
  });
  const owners = new Owners({ ...config, url, adminKey: apiKey!, print: say });
  await owners.prepare(...exampleNames());
  return {
    api: { url: `${url}/api/v1`, key: apiKey },
    config,
    owners,
    wrote,
    signal: stop.signal,
    stop: async () => {
      stop.abort();
      await ended;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Runs `psi` at Kuscia in a process that a test kills: its argument is the run as JSON, and it tells its progress, a line each. */
import type { TaskRun } from '../contract/task-type.js';
import { kuscia } from './kuscia.js';
import type { KusciaSettings } from './kuscia-settings.js';

const { settings, run } = JSON.parse(process.argv[2]!) as { settings: KusciaSettings; run: TaskRun };
await kuscia(settings).run('psi', {
  ...run,
  signal: new AbortController().signal,
  log: () => undefined,
  progress: (_, stage) => void process.stdout.write(`${stage}\n`),
});

/** Runs `psi` at a fleet in a process that a test kills: its argument is the run as JSON, and it tells its progress, a line each. */
import type { TaskRun } from '../contract/task-type.js';
import { celery } from './celery.js';
import type { CelerySettings } from './fleet.js';

const { settings, run } = JSON.parse(process.argv[2]!) as { settings: CelerySettings; run: TaskRun };
await celery(settings).run('psi', {
  ...run,
  signal: new AbortController().signal,
  log: () => undefined,
  progress: (_, stage) => void process.stdout.write(`${stage}\n`),
});

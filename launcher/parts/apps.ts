import { fileURLToPath } from 'node:url';
import type { AppDefinition } from './system.js';

const app = (name: string, portVariable: AppDefinition['portVariable']): AppDefinition => ({
  name,
  script: fileURLToPath(new URL(`../../apps/${name}/src/main.js`, import.meta.url)),
  portVariable,
});

/** The apps of the system, in the order in which their lines are named. */
export const APPS: readonly AppDefinition[] = [
  app('api', 'PORT'),
  app('status-listener', 'LISTENER_PORT'),
  app('compute-worker', 'WORKER_PORT'),
];

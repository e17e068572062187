import { fileURLToPath } from 'node:url';
import type { AppDefinition } from './system.js';

const app = (name: string, portVariable: AppDefinition['portVariable']): AppDefinition => ({
  name,
  script: fileURLToPath(new URL(`../../apps/${name}/main.mjs`, import.meta.url)),
  portVariable,
});

/** The script of an app that loads each built file by itself, so that it can be watched. */
export const builtScript = (name: string): string =>
  fileURLToPath(new URL(`../../apps/${name}/src/main.js`, import.meta.url));

/** The apps of the system, in the order in which their lines are named. */
export const APPS: readonly AppDefinition[] = [
  app('api', 'PORT'),
  app('status-listener', 'LISTENER_PORT'),
  app('compute-worker', 'WORKER_PORT'),
];

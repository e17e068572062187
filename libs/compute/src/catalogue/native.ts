import { createRequire } from 'node:module';
import { findTaskType } from './task-types.js';
import type { Finding, TaskRunner } from '../contract/task-runner.js';
import { checkForNative } from './native-check.js';

/** Runs every type on this machine, each party in its own process (`party/run-parties.ts`). It needs no Python. */
export const native: TaskRunner = {
  name: 'native',
  leaves: (type) => findTaskType(type)?.leaves,
  check: checkForNative,
  run: async (type, run) => (await findTaskType(type)!.load())(run),
  needs: async () => [await sodium()],
};

async function sodium(): Promise<Finding> {
  const what = 'sodium-native';
  const mend = `it has no build for ${process.platform}-${process.arch}, or was not installed: run npm ci`;
  try {
    await import('sodium-native');
    const { version } = createRequire(import.meta.url)('sodium-native/package.json') as { version: string };
    return { what, found: version, mend };
  } catch {
    return { what, found: null, mend };
  }
}

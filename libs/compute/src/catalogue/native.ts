import { createRequire } from 'node:module';
import { findTaskType } from './task-types.js';
import type { Finding, TaskRunner } from '../contract/task-runner.js';
import { checkForNative } from './native-check.js';

/** Runs every type on this machine, each party in its own process (`party/run-parties.ts`). It needs no Python. */
export const native: TaskRunner = {
  name: 'native',
  leaves(type) {
    const found = findTaskType(type);
    return found?.onlyOn === undefined ? found?.leaves : undefined;
  },
  protocols: () => [],
  check: checkForNative,
  run: async (type, run) => (await findTaskType(type)!.load())(run),
  needs: async () => [await sodium(), duckdb()],
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

/** Looked for and not loaded: only a party's process needs it. */
function duckdb(): Finding {
  const { platform, arch } = process;
  const what = 'DuckDB';
  const mend = `it has no build for ${platform}-${arch}, or was not installed: run npm ci; only sql needs it`;
  const { resolve } = createRequire(import.meta.url);
  const libraries = [arch, `${arch}-musl`].map((each) => `@duckdb/node-bindings-${platform}-${each}/package.json`);
  for (const library of libraries) {
    try {
      const { version } = createRequire(import.meta.url)(resolve(library)) as { version: string };
      return { what, found: version, mend };
    } catch {
      // The other one may be there.
    }
  }
  return { what, found: null, mend };
}

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SPU_VERSION } from './protocols.js';

const CACHED = ['cp311', 'cp310'].map((tag) =>
  join(homedir(), '.cache/task-chain/engines', `spu-${SPU_VERSION}-${tag}`, 'bin/python'),
);

// eslint-disable-next-line no-restricted-properties -- a switch of tests alone
const isWanted = process.env['TEST_ENGINES'] === '1';

/**
 * The Python of an environment with SPU, which `npm run verify -- --engines` has made beside all clones. Not without that, as they take a minute.
 */
export const spuPython = isWanted ? CACHED.find((path) => existsSync(path)) : undefined;

/** Ends the name of tests that need one, where there is none. */
export const NO_SPU = '[skipped: npm run verify -- --engines runs it where it finds Python 3.11 or 3.10, and packages]';

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SPU_VERSION } from './protocols.js';

const CACHED = ['cp311', 'cp310'].map((tag) =>
  join(homedir(), '.cache/task-chain/engines', `spu-${SPU_VERSION}-${tag}`, 'bin/python'),
);

/** The Python of an environment with SPU, which `npm run verify` has made beside all clones. */
export const spuPython = CACHED.find((path) => existsSync(path));

/** Ends the name of tests that need one, where there is none. */
export const NO_SPU =
  '[skipped: no SPU here: npm run verify makes it where it finds Python 3.11 or 3.10, and packages]';

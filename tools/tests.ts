import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guardFolder } from '#libs/local-postgres';
import type { Counts } from '../test/setup/counting-reporter.js';
import { bin, Refusal, run } from './steps.js';

const PROJECTS = [
  'unit',
  'tools',
  'console',
  'deploy',
  'integration',
  'attacks',
  'fuzz',
  'simulation',
  'faults',
  'mutants',
  'e2e',
];

/** Jest's exit code, and what its run counted. */
export interface TestRun extends Counts {
  readonly code: number;
}

/** Runs the tests of the projects and paths that `args` names (all without any). Options go to Jest as they are. */
export async function runTests(args: readonly string[]): Promise<TestRun> {
  // The folder in which tests make theirs, but for their cluster where memory has room: it goes with this process, even if this is killed.
  const folder = mkdtempSync(join(tmpdir(), 'task-chain-tests-'));
  const release = guardFolder(folder);
  // Like the system's: some tests start processes of other users.
  chmodSync(folder, 0o1777);
  const countsFile = join(folder, 'counts.json');
  const projects = args.filter((arg) => PROJECTS.includes(arg));
  const rest = args.filter((arg) => !PROJECTS.includes(arg)).map((arg) => arg.replace(/\.ts$/, ''));
  const select = projects.length > 0 ? ['--selectProjects', ...projects] : [];
  try {
    const env = { COUNTS_FILE: countsFile, NODE_ENV: 'test', TMPDIR: folder };
    const { code } = await run(process.execPath, [bin('jest'), ...rest, ...select], { env });
    if (!existsSync(countsFile)) throw new Refusal('Jest did not get to the end');
    return { code, ...(JSON.parse(readFileSync(countsFile, 'utf8')) as Counts) };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    release();
  }
}

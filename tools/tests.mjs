// Runs Jest over the built tests, and counts.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bin, Refusal, run } from './steps.mjs';

const PROJECTS = ['unit', 'tools', 'deploy', 'integration', 'attacks', 'fuzz', 'simulation', 'faults', 'e2e'];

/**
 * Runs the tests of the projects and paths that `args` names (all without any); options go to Jest as they are. Returns Jest's
 * exit code and the counts of `dist/test/setup/counting-reporter.js`.
 */
export async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'task-chain-counts-'));
  const countsFile = join(folder, 'counts.json');
  const projects = args.filter((arg) => PROJECTS.includes(arg));
  const rest = args.filter((arg) => !PROJECTS.includes(arg)).map((arg) => arg.replace(/\.ts$/, ''));
  const select = projects.length > 0 ? ['--selectProjects', ...projects] : [];
  try {
    const env = { COUNTS_FILE: countsFile, NODE_ENV: 'test' };
    const { code } = await run(process.execPath, [bin('jest'), ...rest, ...select], { env });
    if (!existsSync(countsFile)) throw new Refusal('Jest did not get to the end');
    return { code, ...JSON.parse(readFileSync(countsFile, 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

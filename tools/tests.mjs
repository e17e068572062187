// Runs the test files group by group over one database server, and counts.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesBelow } from './build.mjs';
import { Refusal, ROOT, run } from './steps.mjs';

const UNIT = ['dist/libs', 'dist/apps', 'dist/clients', 'dist/launcher', 'dist/bench', 'tools'];
const FOLDERS = ['deploy', 'integration', 'attacks', 'fuzz', 'simulation', 'faults', 'e2e'];
/** A file that does not end, for a leaked handle or otherwise, fails after this long. */
const TIMEOUT_MS = 600_000;

/** The groups in the order in which they run: what fails fast and plainly comes first. */
export function testGroups() {
  const specs = (folder) => filesBelow(folder, (name) => /\.spec\.m?js$/.test(name));
  return [
    { name: 'unit', files: UNIT.flatMap(specs) },
    ...FOLDERS.map((name) => ({ name, files: specs(`dist/test/${name}`) })),
  ].filter(({ files }) => files.length > 0);
}

/**
 * Runs the tests whose group or path holds one of `filters` (all without any). `around` wraps each group, to report
 * it. Returns the sums.
 */
export async function runTests(filters, around) {
  const chosen = testGroups()
    .map(({ name, files }) => ({ name, files: files.filter((file) => fits(filters, name, file)) }))
    .filter(({ files }) => files.length > 0);
  const total = { passed: 0, failed: 0, skipped: [] };
  if (chosen.length === 0) throw new Refusal(`no test file fits ${filters.join(' ') || 'at all'}`);
  const server = await startServices();
  const stopOnSignal = () => void server.stop().finally(() => process.exit(130));
  process.once('SIGINT', stopOnSignal).once('SIGTERM', stopOnSignal);
  try {
    for (const { name, files } of chosen) {
      await around(`${name} tests (${files.length} files)`, async () => {
        const counts = await runGroup(files, server.url);
        total.passed += counts.passed;
        total.failed += counts.failed;
        total.skipped.push(...counts.skipped);
        if (counts.failed > 0 || counts.code !== 0) throw new Refusal(`${counts.failed} failed`);
        return `${counts.passed} passed, ${counts.skipped.length} skipped`;
      });
    }
  } finally {
    process.off('SIGINT', stopOnSignal).off('SIGTERM', stopOnSignal);
    await server.stop();
  }
  return total;
}

/** One database server for all files; Redis and Chromium are installed here, so that two files do not try to at once. */
async function startServices() {
  const entry = pathToFileURL(join(ROOT, 'dist', 'libs', 'testing', 'src', 'index.js')).href;
  const { ensureChromium, ensureRedisServer, startTestPostgres } = await import(entry);
  await ensureRedisServer();
  await ensureChromium();
  return startTestPostgres();
}

async function runGroup(files, databaseUrl) {
  const folder = mkdtempSync(join(tmpdir(), 'task-chain-counts-'));
  const countsFile = join(folder, 'counts.json');
  try {
    const reporters = ['--test-reporter=./tools/failures-reporter.mjs', '--test-reporter-destination=stdout'];
    reporters.push('--test-reporter=./tools/counts-reporter.mjs', `--test-reporter-destination=${countsFile}`);
    const limits = ['--test-concurrency=2', `--test-timeout=${TIMEOUT_MS}`, '--enable-source-maps'];
    const env = { TEST_DATABASE_URL: databaseUrl, NODE_ENV: 'test' };
    const { code } = await run(process.execPath, ['--test', ...limits, ...reporters, ...files], { env });
    return { code, ...JSON.parse(readFileSync(countsFile, 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fits(filters, group, file) {
  return (
    filters.length === 0 || filters.some((filter) => filter === group || file.includes(filter.replace(/\.ts$/, '')))
  );
}

import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { guarded } from '#libs/local-postgres';
import { checkCard } from './card.js';
import { bin, quietly, Refusal, ROOT, step, wordsOf } from './steps.js';
import { checkAdvisories, checkLicences, writeSbom } from './supply-chain.js';
import { runTests, type TestRun } from './tests.js';

type Command = (args: string[]) => Promise<unknown>;

const COMMANDS: Readonly<Record<string, Command>> = {
  demo: (args) => launch('launcher/demo', args),
  start: (args) => launch('launcher/start', args),
  dev,
  node: siteCommand,
  // tools/run.mjs has built before it runs a command.
  build: async () => undefined,
  migrate: (args) => launch('launcher/migrate', args),
  'audit:verify': (args) => launch('launcher/verify-audit', args),
  'secrets:rotate': (args) => launch('launcher/rotate-secrets', args),
  bench: (args) => launch('bench/run', args),
  faults: (args) => launch('test/faults/run', args),
  mutants: (args) => launch('test/mutants/run', args),
  measure: (args) => launch('bench/compute/measure', args),
  'console:screenshots': (args) => launch('test/e2e/console/screenshots', args),
  'console:measure': (args) => launch('test/e2e/console/measure', args),
  doctor: (args) => launch('launcher/doctor', args),
  'engine:secretflow': async (args) => (await import('./engine-secretflow.js')).engineSecretflow(args),
  'engine:celery-fleet': async () => finish(await tryFleet()),
  verify: async (args) => {
    if (args.includes('--engines')) process.env['TEST_ENGINES'] = '1';
    finish([...(await check()), ...(await test([], true))]);
  },
  check: async () => finish(await check()),
  test: async (args) => finish(await test(args)),
  coverage: () => import('./coverage.js').then(({ measureCoverage }) => measureCoverage()),
  chart: () => import('./chart.js').then(({ renderChart }) => renderChart()),
  openapi: writeOpenapi,
  sdk: () => generateClient(),
  'sdk:python': () => import('./python-client.js').then(({ generatePythonClient }) => generatePythonClient()),
  sbom: async () => process.stdout.write(`${await writeSbom()}\n`),
  docs: documentation,
  'docs:tasks': async () => {
    await (await import('./task-pages.js')).writeTaskPages();
    await (await import('./error-words.js')).writeErrorWords();
  },
  'docs:performance': () =>
    import('./performance-page.js').then(({ writePerformancePages }) => writePerformancePages()),
};

/** Runs a command of package.json's scripts, once everything is installed and built. */
export async function runCommand(name: string, args: string[]): Promise<void> {
  try {
    const command = COMMANDS[name];
    if (!command) throw new Refusal(`npm run ${Object.keys(COMMANDS).join(' | ')}`);
    await command(args);
  } catch (error) {
    process.stderr.write(`${wordsOf(error)}\n`);
    process.exitCode = 1;
  }
}

/** Runs one of the built programs in this process: signals reach it directly. */
async function launch(program: string, args: readonly string[]): Promise<void> {
  const built = join(ROOT, 'dist', `${program}.js`);
  process.argv = [process.execPath, built, ...args];
  process.chdir(ROOT);
  await import(pathToFileURL(built).href);
}

/** Runs the command of a party's site. */
async function siteCommand(args: readonly string[]): Promise<void> {
  process.argv = [process.execPath, 'task-chain-node', ...args];
  await import(pathToFileURL(join(ROOT, 'apps/party-node/bin/task-chain-node.mjs')).href);
}

/** Runs the whole system, and compiles and restarts it as sources change. Parties and commands run what was compiled last, not a bundle of before. */
async function dev(): Promise<void> {
  process.env.PARTIES_UNBUNDLED = '1';
  for (const path of ['apps/cli/bundle', 'apps/party-node/bundle', '.build-stamp'])
    rmSync(join(ROOT, 'dist', path), { recursive: true, force: true });
  const watch = ['build', '--path', 'tsconfig.json', '--watch', '--preserveWatchOutput'];
  guarded(() => spawn(process.execPath, [bin('nest'), ...watch], { cwd: ROOT, stdio: 'inherit' }), 'TERM').unref();
  await launch('launcher/start', ['--watch']);
}

const node = async (tool: string, ...args: string[]): Promise<void> =>
  void (await quietly(process.execPath, [bin(tool), ...args]));

const CHECKS: Readonly<Record<string, () => Promise<string | void> | string>> = {
  'format (prettier)': () => node('prettier', '--check', '--log-level=warn', '.'),
  'lint (eslint)': () => node('eslint', '.'),
  'types of the console (tsc)': () => node('tsc', '--project', 'apps/console'),
  'dependency rules (dependency-cruiser)': () =>
    node(
      'depcruise',
      ...['apps', 'bench', 'clients', 'launcher', 'libs', 'migrations', 'test', 'tools'],
      ...['--config', '.dependency-cruiser.cjs'],
    ),
  'unused code (knip)': () => node('knip', '--no-progress'),
  'card (packages in use)': checkCard,
  licences: checkLicences,
  'known vulnerabilities (npm audit)': checkAdvisories,
  'OpenAPI is current': checkOpenapi,
  'OpenAPI (redocly)': () => node('redocly', 'lint', 'openapi.json'),
};

/** Everything but the tests, two checks at a time: ESLint takes as long as all others. Returns the names of those that failed. */
async function check(): Promise<string[]> {
  const failed: string[] = [];
  const waiting = Object.entries(CHECKS);
  const inTurn = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (!(await step(...next))) failed.push(next[0]);
    }
  };
  await Promise.all([inTurn(), inTurn()]);
  return failed;
}

/** Runs tests, lists the skipped ones and prepares the closing line. Returns the names of what failed. */
async function test(filters: readonly string[], isWhole = false): Promise<string[]> {
  let counts: TestRun = { code: 1, passed: 0, failed: 0, skipped: [] };
  await prepareEngines(isWhole);
  const passed = await step('tests', async () => {
    counts = await runTests(filters);
    if (counts.passed + counts.failed === 0) throw new Refusal('no test ran');
    if (counts.code !== 0) throw new Refusal(`${counts.failed} failed`);
  });
  for (const { name, reason } of counts.skipped) process.stdout.write(`skipped: ${name}: ${reason}\n`);
  closing = `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped.length} skipped`;
  return passed ? [] : ['tests'];
}

/** Runs a chain at a fleet of Celery workers that compute on SPU, where this machine can have one. */
async function tryFleet(): Promise<string[]> {
  const { prepareCelery } = await import('./celery-for-tests.js');
  const why = await prepareCelery();
  if (why !== undefined) throw new Refusal(`There is no fleet: ${why}.`);
  const { environmentForTests } = await import('./engine-secretflow.js');
  const made = await environmentForTests('spu');
  if ('why' in made) throw new Refusal(`There is no SPU for the fleet: ${made.why}`);
  process.env['TEST_ENGINES'] = '1';
  const { code, passed, skipped } = await runTests(['integration', 'celery-on-spu']);
  for (const { name, reason } of skipped) process.stdout.write(`skipped: ${name}: ${reason}\n`);
  return code === 0 && passed > 0 ? [] : ['the chain at the fleet'];
}

/** Tests of an engine run where its environment is there, or can be made; else they are skipped, and say why. */
async function prepareEngines(isWhole: boolean): Promise<void> {
  const { prepareCelery } = await import('./celery-for-tests.js');
  const why = await prepareCelery();
  if (why !== undefined) process.stdout.write(`no tests of the engine celery with workers: ${why}\n`);
  const { environmentForTests } = await import('./engine-secretflow.js');
  const isWanted = process.env['TEST_ENGINES'] === '1';
  for (const [what, name, isMade] of [
    ['spu', 'the engine secretflow', isWanted || isWhole],
    ['components', "SecretFlow's components", isWanted],
  ] as const) {
    if (!isMade) continue;
    const made = await environmentForTests(what);
    if ('why' in made) process.stdout.write(`no tests of ${name}: ${made.why}\n`);
  }
}

let closing = '';

function finish(failed: readonly string[]): void {
  if (failed.length > 0) process.stdout.write(`FAILED: ${failed.join(', ')}\n`);
  if (closing) process.stdout.write(`${closing}\n`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

/**
 * Writes openapi.json from the built API, and the generated part of the TypeScript client. With `--release` also
 * openapi.last.json, which later versions are compared with.
 */
async function writeOpenapi(args: readonly string[]): Promise<void> {
  const text = await builtOpenapi();
  writeFileSync(join(ROOT, 'openapi.json'), text);
  if (args.includes('--release'))
    writeFileSync(join(ROOT, 'openapi.last.json'), `${JSON.stringify(JSON.parse(text))}\n`);
  await generateClient();
}

async function generateClient(): Promise<void> {
  const sdk = await import('./sdk.js');
  await sdk.generateClient();
}

/** Builds the site of the documentation; with `--serve` it is served as well, until Ctrl-C. */
async function documentation(args: readonly string[]): Promise<void> {
  const { buildSite, serveSite } = await import('./docs-site.js');
  process.stdout.write(`${await buildSite()}\n`);
  if (args.includes('--serve')) await serveSite();
}

async function checkOpenapi(): Promise<void> {
  if (readFileSync(join(ROOT, 'openapi.json'), 'utf8') !== (await builtOpenapi()))
    throw new Refusal('openapi.json is not what the API says of itself: run npm run openapi and commit it');
}

/** Runs in a separate process, so that nothing of the API stays behind in this one. */
function builtOpenapi(): Promise<string> {
  return quietly(process.execPath, [join(ROOT, 'dist', 'tools', 'openapi.js')], { stderr: false });
}

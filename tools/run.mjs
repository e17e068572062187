#!/usr/bin/env node
// The one entry to everything: node tools/run.mjs <command>, which the scripts in package.json call. It needs nothing
// but Node and npm: what is missing is installed and built first.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { checkNode, ensureInstalled } from './install.mjs';
import { generateClient } from './sdk.mjs';
import { bin, quietly, Refusal, ROOT, step } from './steps.mjs';
import { checkAdvisories, checkLicences, writeSbom } from './supply-chain.mjs';
import { runTests } from './tests.mjs';

const [command = 'help', ...args] = process.argv.slice(2);
const COMMANDS = {
  demo: () => launch('launcher/demo'),
  start: () => launch('launcher/start'),
  migrate: () => launch('launcher/migrate'),
  'audit:verify': () => launch('launcher/verify-audit'),
  'secrets:rotate': () => launch('launcher/rotate-secrets'),
  bench: () => launch('bench/run'),
  faults: () => launch('test/faults/run'),
  measure: () => launch('bench/compute/measure'),
  doctor: () => launch('launcher/doctor'),
  verify,
  check: async () => finish([...(await prepare()), ...(await check())]),
  test: async () => finish([...(await prepare()), ...(await test(args))]),
  openapi,
  sdk,
  'sdk:python': () => import('./python-client.mjs').then(({ generatePythonClient }) => generatePythonClient()),
  sbom: async () => process.stdout.write(`${await writeSbom()}\n`),
  docs: documentation,
  'docs:tasks': taskPages,
  'docs:performance': () => import('./write-performance-page.mjs'),
};

/** Installs and builds what is missing. Returns the names of the steps that failed. */
async function prepare() {
  if (!(await step('install', ensureInstalled))) return ['install'];
  return (await step('build, with types', ensureBuilt)) ? [] : ['build'];
}

/** Runs one of the built programs in this process: signals reach it directly. */
async function launch(program) {
  const built = join(ROOT, 'dist', `${program}.js`);
  await ensureInstalledAndBuilt();
  process.argv = [process.execPath, built, ...args];
  process.chdir(ROOT);
  await import(pathToFileURL(built).href);
}

/** As prepare, but says nothing when all is up to date. */
async function ensureInstalledAndBuilt() {
  for (const [name, work] of [
    ['installing (npm ci)', ensureInstalled],
    ['building', ensureBuilt],
  ]) {
    const slow = setTimeout(() => process.stderr.write(`${name} …\n`), 300);
    try {
      await work();
    } finally {
      clearTimeout(slow);
    }
  }
}

const node = (tool, ...more) => quietly(process.execPath, [bin(tool), ...more]);

/** Everything but the tests. Returns the names of the checks that failed. */
async function check() {
  const failed = [];
  const one = async (name, work) => void ((await step(name, work)) || failed.push(name));
  await one('format (prettier)', () => node('prettier', '--check', '--log-level=warn', '.').then(() => ''));
  await one('lint (eslint)', () => node('eslint', '.').then(() => ''));
  await one('dependency rules (dependency-cruiser)', () => {
    const folders = ['apps', 'clients', 'libs', 'migrations', 'launcher', 'test', 'bench'].filter((name) =>
      existsSync(join(ROOT, name)),
    );
    return node('depcruise', ...folders, '--config', '.dependency-cruiser.cjs').then(() => '');
  });
  await one('unused code (knip)', () => node('knip', '--no-progress').then(() => ''));
  await one('licences', async () => checkLicences());
  await one('known vulnerabilities (npm audit)', checkAdvisories);
  if (existsSync(join(ROOT, 'openapi.json'))) {
    await one('OpenAPI is current', checkOpenapi);
    await one('OpenAPI (redocly)', () => node('redocly', 'lint', 'openapi.json').then(() => ''));
  }
  return failed;
}

/** Runs tests, lists the skipped ones and prints the closing line's counts. Returns the names of what failed. */
async function test(filters) {
  let counts = { passed: 0, failed: 0, skipped: [] };
  const passed = await step('tests', async () => {
    const { code, ...all } = await runTests(filters);
    counts = all;
    if (counts.passed + counts.failed === 0) throw new Refusal('no test ran');
    if (code !== 0) throw new Refusal(`${counts.failed} failed`);
  });
  for (const { name, reason } of counts.skipped) process.stdout.write(`skipped: ${name}: ${reason}\n`);
  closing = `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped.length} skipped`;
  return passed ? [] : ['tests'];
}
let closing = '';

async function verify() {
  const unprepared = await prepare();
  if (unprepared.length > 0) return finish(unprepared);
  finish([...(await check()), ...(await test([]))]);
}

function finish(failed) {
  if (failed.length > 0) process.stdout.write(`FAILED: ${[...new Set(failed)].join(', ')}\n`);
  if (closing) process.stdout.write(`${closing}\n`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

/**
 * Writes openapi.json from the built API, and the part of the TypeScript client that is made of it. With `--release` also
 * openapi.last.json, which later versions are held to.
 */
async function openapi() {
  await ensureInstalledAndBuilt();
  const text = await builtOpenapi();
  writeFileSync(join(ROOT, 'openapi.json'), text);
  if (args.includes('--release'))
    writeFileSync(join(ROOT, 'openapi.last.json'), `${JSON.stringify(JSON.parse(text))}\n`);
  await generateClient();
}

/** Builds the site of the documentation; with `--serve` it is served as well, until Ctrl-C. */
async function documentation() {
  const { buildSite, serveSite } = await import('./docs-site.mjs');
  process.stdout.write(`${await buildSite()}\n`);
  if (args.includes('--serve')) await serveSite();
}

/** Writes the TypeScript client's generated part from openapi.json. */
async function sdk() {
  await ensureInstalled();
  await generateClient();
}

/** Fills in what the pages of the task types take from the built code. */
async function taskPages() {
  await ensureInstalledAndBuilt();
  await import('./write-task-pages.mjs');
}

async function checkOpenapi() {
  if (readFileSync(join(ROOT, 'openapi.json'), 'utf8') !== (await builtOpenapi())) {
    throw new Refusal('openapi.json is not what the API says of itself: run npm run openapi and commit it');
  }
}

/** In a process of its own, so that nothing of the API stays behind in this one. */
function builtOpenapi() {
  return quietly(process.execPath, [join(ROOT, 'tools', 'openapi.mjs')], { stderr: false });
}

try {
  checkNode();
  const work = COMMANDS[command];
  if (!work) throw new Refusal(`npm run ${Object.keys(COMMANDS).join(' | ')}`);
  await work();
} catch (error) {
  process.stderr.write(`${error instanceof Refusal ? error.message : (error.stack ?? error)}\n`);
  process.exitCode = 1;
}

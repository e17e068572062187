import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TaskChainClient, type ChainProgress } from '#client';
import { changedLines, LiveView, renderChain, type ChainView, type Style } from '#libs/chain-view';
import { freePort } from '#libs/local-postgres';
import { APPS } from './parts/apps.js';
import { copyTables, DEFAULT_EXAMPLE, exampleFile, SCRIPTS, summarise } from './parts/example.js';
import { shownKey } from './parts/local-key.js';
import { Owners, shownPath } from './parts/owners.js';
import { proveNothingLeft, type Proof } from './parts/proof.js';
import { runLauncher } from './parts/run-launcher.js';
import { migrateAll } from './parts/schema.js';
import { Sites } from './parts/sites.js';
import type { System } from './parts/system.js';

// `npm run demo`: the whole system, and an example chain run on it by the parties whose tables it reads, and shown live (another one
// by --chain <name>), with --nodes by each of them at its own site; then up until Ctrl-C, or with --exit ended with the chain: exit code 0 only when it succeeded.
const { stdout } = process;
const { exit, example, nodes } = readArguments();
const live = stdout.isTTY === true && process.env.TERM !== 'dumb';
const view = new LiveView(stdout);
const print = (line: string) => (live ? view.print(line) : stdout.write(`${line}\n`));
const started = performance.now();

/** Where the artifacts will lie; known once the configuration is read. */
let folders = { dataDir: '', dataRoot: '', artifactRoot: '' };

/** The worker listens for sites there. */
if (nodes) process.env.NODE_PORT ||= String(await freePort());

async function runExample(system: System, signal: AbortSignal): Promise<number | undefined> {
  print(`ready ${system.url} after ${sinceStart()}`);
  if (system.localKey) print(shownKey(system.localKey, stdout.isTTY));
  if (system.apiKey === undefined) throw new Error('the demo needs an admin: set ADMIN_API_KEY');
  const owners = new Owners({ ...folders, url: system.url, adminKey: system.apiKey, print });
  if (nodes) return runAtSites(system, owners, signal);
  copyTables(folders.dataRoot);
  await owners.prepare(example);
  return runChain(system, owners, await owners.start(example), signal);
}

/** The chain of the example with each party at its own site. */
async function runAtSites(system: System, owners: Owners, signal: AbortSignal): Promise<number | undefined> {
  const folder = join(folders.dataDir, 'sites');
  const uplink = `${new URL(system.url).hostname}:${process.env.NODE_PORT}`;
  const sites = new Sites({ url: system.url, uplink, folder, owners, print });
  try {
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    );
    aborted.catch(() => undefined);
    await Promise.race([sites.prepare(), sites.failed, aborted]);
    print('# The admin starts the chain. Each site is offered its part, and a person there decides.');
    const chainId = (await owners.type('admin', 'run', shownPath(sites.chainFile), '--quiet')).trim();
    print(`  ${chainId}`);
    const proof = (): Promise<Proof> => proveNothingLeft(system, sites, { ...folders, sites: folder }, chainId);
    return await Promise.race([runChain(system, owners, chainId, signal, proof), sites.failed]);
  } finally {
    await sites.stop();
  }
}

/** Shows a chain until it has ended, and then what it came to. */
async function runChain(
  system: System,
  owners: Owners,
  chainId: string,
  signal: AbortSignal,
  prove?: () => Promise<Proof>,
): Promise<number | undefined> {
  let before: ChainView | undefined;
  const chain = await owners.watch(chainId, {
    signal,
    onProgress: (progress) => {
      const now = viewOf(progress);
      show(before, now);
      before = now;
    },
  });
  show(before, chain);
  const proof = await prove?.();
  const end = [
    '',
    ...(proof ? [...proof.lines, ''] : []),
    ...summarise(chain, folders.artifactRoot),
    `${'chain:'.padEnd(18)}${system.url}/api/v1/chains/${chainId}`,
    `${'console:'.padEnd(18)}${system.url}/chains/${chainId}`,
    `${'Swagger UI:'.padEnd(18)}${system.url}/docs`,
    `${'health:'.padEnd(18)}${system.url}/health/ready`,
    `${'logs:'.padEnd(18)}${folders.dataDir}/logs`,
    `${chain.status} after ${sinceStart()}`,
  ];
  view.leave();
  stdout.write(`${end.join('\n')}\n`);
  if (exit) return chain.status === 'SUCCESS' && proof?.holds !== false ? 0 : 1;
  if (stdout.isTTY) stdout.write(`${await signedIn(system, chainId)}\n`);
  stdout.write('Ctrl-C stops everything.\n');
  if (nodes) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  return undefined;
}

/** The console's address, opened signed in. As with the key, only a terminal shows it: any other output is a log. */
async function signedIn({ url, apiKey }: System, chainId: string): Promise<string> {
  const { token } = await new TaskChainClient({ baseUrl: url, token: apiKey! }).createSessionLink();
  return `Look at the chain, signed in by a link that works once within a minute:\n${url}/chains/${chainId}#once=${token}`;
}

function viewOf({ chain, tasks }: ChainProgress): ChainView {
  return { ...chain, tasks: [...tasks.values()].sort((a, b) => a.execution_order - b.execution_order) };
}

function show(before: ChainView | undefined, chain: ChainView): void {
  if (live) view.draw(renderChain(chain, Date.now(), style()));
  else for (const line of changedLines(before, chain, Date.now())) print(line);
}

function style(): Style {
  const locale = process.env.LC_ALL || process.env.LC_CTYPE || process.env.LANG || '';
  return {
    columns: stdout.columns || 80,
    rows: (stdout.rows || 25) - 1,
    colour: !process.env.NO_COLOR,
    unicode: process.platform !== 'linux' || /utf-?8/i.test(locale),
  };
}

/** What the command line asks for; a wrong one ends the process before anything is started. */
function readArguments(): { exit: boolean; example: string; nodes: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        exit: { type: 'boolean', default: false },
        chain: { type: 'string' },
        nodes: { type: 'boolean', default: false },
      },
    });
    const { exit: ends, chain = DEFAULT_EXAMPLE, nodes: atSites } = values;
    if (atSites && values.chain !== undefined) throw new Error('--nodes runs its own chain: leave --chain out');
    exampleFile(chain);
    return { exit: ends, example: chain, nodes: atSites };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}

function sinceStart(): string {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}

process.exitCode = await runLauncher(
  (config) => {
    folders = config;
    const scriptTasks = config.scriptTasks ?? SCRIPTS;
    return { config: { ...config, scriptTasks }, apps: APPS, migrate: migrateAll, say: print, onLine: () => {} };
  },
  runExample,
  (words) => process.stderr.write(`${words}\n`),
);

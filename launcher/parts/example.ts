import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CreateChainRequest } from '#client';
import type { ChainView, TaskView } from '#libs/chain-view';

/** Where the examples lie. Compiled, this file lies in dist/launcher/parts. */
const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url));
/** The example that the demo runs where none is named. */
export const DEFAULT_EXAMPLE = 'breast-cancer';

/** Names of the examples: `<folder>` for a folder with a chain.json, `tasks/<type>` for the small one of a task type. */
export function exampleNames(): string[] {
  const chains = folders(EXAMPLES).filter((name) => existsSync(join(EXAMPLES, name, 'chain.json')));
  const ofTypes = readdirSync(join(EXAMPLES, 'tasks')).flatMap((file) => /^(\w+)\.json$/.exec(file)?.[1] ?? []);
  return [...chains, ...ofTypes.map((type) => `tasks/${type}`)].sort();
}

/** The body of POST /chains for an example, to be started at once. Throws for an unknown name, and lists the known ones. */
export function readExample(name: string): CreateChainRequest {
  const names = exampleNames();
  if (!names.includes(name))
    throw new Error(`no example is called ${JSON.stringify(name)}; there are ${names.join(', ')}`);
  const file = name.startsWith('tasks/') ? `${name}.json` : join(name, 'chain.json');
  return { ...(JSON.parse(readFileSync(join(EXAMPLES, file), 'utf8')) as CreateChainRequest), execute: true };
}

/**
 * Puts each party's tables of all examples where its tasks read them: `<example>/<party>/…` to `<dataRoot>/<party>/…`. A
 * policy that the party has already stays as it is.
 */
export function copyTables(dataRoot: string): void {
  for (const example of folders(EXAMPLES)) {
    for (const party of folders(join(EXAMPLES, example))) {
      cpSync(join(EXAMPLES, example, party), join(dataRoot, party), { recursive: true, filter: isNoSecondPolicy });
    }
  }
}

function isNoSecondPolicy(_from: string, to: string): boolean {
  return basename(to) !== '.policy.json' || !existsSync(to);
}

/** What a user wants to know at the end: `name: value` lines out of the tasks' results. */
export function summarise(chain: ChainView, artifactRoot: string): string[] {
  const results = chain.tasks.flatMap(({ status, result }) =>
    status === 'SUCCESS' && result ? [result as Result] : [],
  );
  const last = (read: (result: Result) => unknown) => results.map(read).findLast((value) => value !== undefined);
  const metric = (name: string) => rounded(last(({ metrics }) => metrics?.[name]));
  const figures: [string, unknown][] = [
    ['PSI intersection', last((result) => result.intersection_count)],
    ['AUC', metric('auc')],
    ['KS', metric('ks')],
    ['accuracy', metric('accuracy')],
    ['RMSE', metric('rmse')],
    ['HTML report', reportOf(chain, artifactRoot)],
  ];
  const known = figures.filter(([, value]) => value !== undefined);
  return known.map(([name, value]) => `${`${name}:`.padEnd(18)}${String(value)}`);
}

interface Result {
  readonly intersection_count?: unknown;
  readonly metrics?: Readonly<Record<string, unknown>>;
}

function folders(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

function reportOf(chain: ChainView, artifactRoot: string): string | undefined {
  const path = (task: TaskView) => join(artifactRoot, chain.chain_id, task.task_id, 'report.html');
  return chain.tasks
    .filter((task) => task.task_type === 'report')
    .map(path)
    .find(existsSync);
}

function rounded(value: unknown): string | undefined {
  return typeof value === 'number' ? value.toFixed(4) : undefined;
}

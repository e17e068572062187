import { copyFileSync, existsSync, lchownSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChainView, TaskView } from '#libs/chain-view';

/** Where the examples lie. Compiled, this file lies in dist/launcher/parts. */
const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url));
/** The commands that the examples of `script` name. */
export const SCRIPTS = join(EXAMPLES, 'scripts.example.json');
/** The example that the demo runs where none is named. */
export const DEFAULT_EXAMPLE = 'breast-cancer';

/** Names of the examples: `<folder>` for a folder with a chain.json, `tasks/<type>` for the small one of a task type. */
export function exampleNames(): string[] {
  const chains = folders(EXAMPLES).filter((name) => existsSync(join(EXAMPLES, name, 'chain.json')));
  const ofTypes = readdirSync(join(EXAMPLES, 'tasks')).flatMap((file) => /^(\w+)\.json$/.exec(file)?.[1] ?? []);
  return [...chains, ...ofTypes.map((type) => `tasks/${type}`)].sort();
}

/** The file of an example's chain. Throws for an unknown name, and lists the known ones. */
export function exampleFile(name: string): string {
  const names = exampleNames();
  if (!names.includes(name))
    throw new Error(`no example is called ${JSON.stringify(name)}; there are ${names.join(', ')}`);
  return join(EXAMPLES, name.startsWith('tasks/') ? `${name}.json` : join(name, 'chain.json'));
}

/** A table that the chain of an example names as a dataset. */
export interface ExampleTable {
  /** `dataset:<party>/<name>@1`. */
  readonly reference: string;
  readonly party: string;
  readonly name: string;
  /** Its name in the folder of the party. */
  readonly file: string;
  /** The file with the policy of its owner. */
  readonly policy: string;
}

/** The parameters of a task that delivers files. */
interface Deliveries {
  readonly input_data?: Readonly<Record<string, unknown>>;
  readonly recipients?: readonly string[];
}

/** The tables that the chain of an example names. */
export function tablesOf(example: string): ExampleTable[] {
  const text = readFileSync(exampleFile(example), 'utf8');
  const references = new Map([...text.matchAll(/dataset:([\w-]+)\/([\w.-]+)@1/g)].map((found) => [found[0], found]));
  return [...references].map(([reference, [, party = '', name = '']]) => {
    const file = `${name}.csv`;
    const folder = folders(EXAMPLES).find((each) => existsSync(join(EXAMPLES, each, party, file)));
    if (folder === undefined) throw new Error(`${example}: no example has the table of ${reference}`);
    const policy = join(EXAMPLES, folder, `policy-${party}.yaml`);
    return { reference, party, name, file, policy };
  });
}

/** Public keys that the chain of an example delivers files of a party to. */
export function recipientsOf(example: string, party: string): readonly string[] {
  const { tasks } = JSON.parse(readFileSync(exampleFile(example), 'utf8')) as {
    tasks: { task_params: { task_config?: Deliveries } }[];
  };
  const configs = tasks.map(({ task_params: { task_config: config } }) => config);
  return configs.flatMap((config) => (config?.input_data?.[party] === undefined ? [] : (config.recipients ?? [])));
}

/** Puts each party's tables of all examples where its tasks read them: `<example>/<party>/…` to `<dataRoot>/<party>/…`. */
export function copyTables(dataRoot: string): void {
  for (const example of folders(EXAMPLES)) {
    for (const party of folders(join(EXAMPLES, example))) {
      const folder = join(dataRoot, party);
      mkdirSync(folder, { recursive: true });
      const { uid, gid } = statSync(folder);
      for (const file of readdirSync(join(EXAMPLES, example, party))) {
        copyFileSync(join(EXAMPLES, example, party, file), join(folder, file));
        if (process.getuid?.() === 0) lchownSync(join(folder, file), uid, gid);
      }
    }
  }
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

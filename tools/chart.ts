import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { filesBelow } from './files.js';
import { Refusal, ROOT } from './steps.js';

const HELM_MODULE = 'helm.sh/helm/v3/cmd/helm@v3.19.5';

/** What a chart is rendered with. The release, and its namespace, have the name of the chart. */
export interface Rendering {
  /** Below deploy/helm. */
  readonly chart: 'task-chain' | 'task-chain-node';
  readonly values: string;
}

/** Each file that a chart is rendered to. */
export const RENDERED: readonly (Rendering & { readonly file: string })[] = [
  {
    chart: 'task-chain',
    values: 'deploy/helm/examples/production.yaml',
    file: 'deploy/helm/rendered/production.yaml',
  },
  { chart: 'task-chain', values: 'deploy/kustomize/values.yaml', file: 'deploy/kustomize/base/task-chain.yaml' },
  { chart: 'task-chain-node', values: 'deploy/helm/examples/node.yaml', file: 'deploy/helm/rendered/node.yaml' },
];

/** The first line of a rendered file. It shows without Helm whether chart and values have changed since. */
export function headOf({ chart, values }: Rendering): string {
  const hash = createHash('sha256');
  const folder = `deploy/helm/${chart}`;
  for (const path of [...filesBelow(folder, () => true), values])
    hash.update(`${path}\0`).update(readFileSync(join(ROOT, path)));
  return `# Made by "npm run chart" from ${folder} and ${values}, whose sha256 is ${hash.digest('hex')}.\n`;
}

/** Helm where it is found: $HELM, or on the PATH. */
export function findHelm(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'helm'));
  return [process.env.HELM, ...folders].find((path) => path && existsSync(path));
}

/** Renders as an install would. Throws Helm's own words. */
export function render(helm: string, { chart, values }: Rendering, ...more: string[]): string {
  const args = [
    ...['template', chart, `deploy/helm/${chart}`, '--namespace', chart],
    ...['--kube-version', '1.32.0', '--values', values],
  ];
  try {
    return String(execFileSync(helm, [...args, ...more], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] }));
  } catch (error) {
    throw new Refusal(String((error as { stderr?: unknown }).stderr ?? error));
  }
}

/** Builds Helm from its Go module, which takes some minutes. */
function buildHelm(): string {
  const folder = join(ROOT, '.cache', 'bin');
  const helm = join(folder, 'helm');
  if (!existsSync(helm)) {
    process.stderr.write(`building ${HELM_MODULE} by Go, some minutes …\n`);
    execFileSync('go', ['install', HELM_MODULE], { env: { ...process.env, GOBIN: folder }, stdio: 'inherit' });
  }
  return helm;
}

/** `npm run chart`: renders what is committed of the Helm charts. Builds Helm if it is missing. */
export async function renderChart(): Promise<void> {
  const helm = findHelm() ?? buildHelm();
  for (const { file, ...rendering } of RENDERED) {
    writeFileSync(join(ROOT, file), headOf(rendering) + render(helm, rendering));
    process.stdout.write(`${file}\n`);
  }
}

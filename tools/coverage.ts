import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bin, ROOT, run } from './steps.js';

type Summary = Record<string, { readonly lines: { readonly total: number; readonly covered: number } }>;

/** Share of the lines of each lib that the unit tests run, in percent, by the lib's name. */
export function coverageOfLibs(summary: Summary, root: string): Map<string, number> {
  const sums = new Map<string, { total: number; covered: number }>();
  for (const [path, { lines }] of Object.entries(summary)) {
    const [folder, lib] = relative(root, path).split('/');
    if (folder !== 'libs' || lib === undefined) continue;
    const sum = sums.get(lib) ?? { total: 0, covered: 0 };
    sums.set(lib, { total: sum.total + lines.total, covered: sum.covered + lines.covered });
  }
  return new Map([...sums].sort().map(([lib, { total, covered }]) => [lib, (100 * covered) / total]));
}

/** Runs the unit tests with coverage and prints it for each lib. */
export async function measureCoverage(): Promise<void> {
  const { code } = await run(process.execPath, [bin('jest'), '--selectProjects', 'unit', '--coverage']);
  const text = readFileSync(join(ROOT, '.cache', 'coverage', 'coverage-summary.json'), 'utf8');
  for (const [lib, percent] of coverageOfLibs(JSON.parse(text) as Summary, ROOT))
    process.stdout.write(`${percent.toFixed(1).padStart(5)} % of the lines  libs/${lib}\n`);
  process.exitCode = code;
}

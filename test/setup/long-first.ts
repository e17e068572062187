import { statSync } from 'node:fs';

interface TestFile {
  readonly path: string;
}

/** The longest suites, and those of faults, whose files are small: one that began last would run on alone. */
const LONG = [
  '/faults/kills.spec.',
  '/catalogue/native.spec.',
  '/e2e/examples.spec.',
  '/faults/stops.spec.',
  '/faults/outages.spec.',
  '/e2e/pages/pages.spec.',
  '/faults/ways.spec.',
  '/integration/losses.spec.',
  '/faults/loads.spec.',
  '/party/chosen-rows.spec.',
  '/integration/restore.spec.',
  '/faults/stores.spec.',
  '/tools/docs-site.spec.',
  '/integration/versions.spec.',
  '/simulation/simulation.spec.',
  '/faults/freezes.spec.',
  '/faults/orders.spec.',
  '/faults/pairs.spec.',
  '/faults/clocks.spec.',
];

/** Jest's `testSequencer`: begins with the long suites, then goes by the size of files, as Jest does where it knows no times of a former run. */
export default class LongFirst {
  sort<T extends TestFile>(tests: readonly T[]): T[] {
    const bySize = [...tests].sort((one, other) => statSync(other.path).size - statSync(one.path).size);
    const long = LONG.flatMap((part) => bySize.filter(({ path }) => path.includes(part)));
    return [...new Set([...long, ...bySize])];
  }

  /** For `--onlyFailures`: no results are kept. */
  allFailedTests<T>(tests: T): T {
    return tests;
  }

  cacheResults(): void {}
}

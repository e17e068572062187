import { statSync } from 'node:fs';

interface TestFile {
  readonly path: string;
}

/** The longest suites, and those of faults, whose files are small: one that began last would run on alone. */
const LONG = [
  '/faults/kills.spec.',
  '/catalogue/native.spec.',
  '/faults/stops.spec.',
  '/e2e/examples.spec.',
  '/faults/outages.spec.',
  '/faults/ways.spec.',
  '/console/console.spec.',
  '/integration/versions.spec.',
  '/integration/losses.spec.',
  '/tools/docs-site.spec.',
  '/e2e/pages/pages.spec.',
  '/integration/restore.spec.',
  '/faults/loads.spec.',
  '/faults/stores.spec.',
  '/console/designer.spec.',
  '/simulation/simulation.spec.',
  '/faults/freezes.spec.',
  '/party/chosen-rows.spec.',
  '/faults/clocks.spec.',
  '/parts/system.spec.',
  '/integration/secrets.spec.',
  '/attacks/owner.spec.',
  '/integration/nodes.spec.',
  '/faults/pairs.spec.',
  '/faults/orders.spec.',
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

import { statSync } from 'node:fs';

interface TestFile {
  readonly path: string;
}

/** The longest suites: one that began last would run on alone. Those of faults mostly wait for leases and time-outs. */
const LONG = [
  '/faults/kills.spec.',
  '/catalogue/native.spec.',
  '/e2e/examples.spec.',
  '/faults/stops.spec.',
  '/e2e/pages/pages.spec.',
  '/faults/ways.spec.',
  '/faults/outages.spec.',
  '/faults/loads.spec.',
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

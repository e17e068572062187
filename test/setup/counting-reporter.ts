import { writeFileSync } from 'node:fs';

/** What this file reads of Jest's results. */
interface Results {
  readonly testResults: readonly {
    readonly testFilePath: string;
    readonly testExecError?: unknown;
    readonly testResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/** How many tests passed and failed, and which were skipped and why. A file that does not load counts as one failure. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

const NO_REASON = 'no reason given';

/** Counts a run. Reasons of skipped tests stand in their titles, where `itUnless` of #libs/testing puts them. */
export function count({ testResults }: Results): Counts {
  const tests = testResults.flatMap((file) => file.testResults);
  const skipped = tests
    .filter(({ status }) => status === 'pending' || status === 'todo')
    .map(({ title }) => /^(?<name>[^]*?)(?: \[skipped: (?<reason>[^]*)\])?$/.exec(title)!.groups!)
    .map(({ name, reason }) => ({ name: name!, reason: reason ?? NO_REASON }));
  const failed = tests.filter(({ status }) => status === 'failed').length;
  const broken = testResults.filter((file) => file.testExecError !== undefined).length;
  return { passed: tests.filter(({ status }) => status === 'passed').length, failed: failed + broken, skipped };
}

/** The lines at the end of a run. */
export function closingLines({ passed, failed, skipped }: Counts): string[] {
  return [
    ...skipped.map(({ name, reason }) => `skipped: ${name}: ${reason}`),
    `${passed} passed, ${failed} failed, ${skipped.length} skipped`,
  ];
}

/** As the machine may be busy, a file has this long for each of its tests, and for what it does before the first one. */
const TEST_LIMIT_MS = 900_000;

/** Prints the closing lines, or writes the counts to the file COUNTS_FILE. Ends the run when a test hangs. */
export default class CountingReporter {
  private readonly limits = new Map<string, NodeJS.Timeout>();

  constructor(private readonly config: { readonly testNamePattern?: string }) {}

  onTestFileStart({ path }: { readonly path: string }): void {
    const hung = () => {
      process.stderr.write(`${path} did not end a test within ${TEST_LIMIT_MS / 60_000} minutes\n`);
      process.exit(1);
    };
    this.limits.set(path, setTimeout(hung, TEST_LIMIT_MS));
  }

  onTestCaseResult({ path }: { readonly path: string }): void {
    this.limits.get(path)?.refresh();
  }

  onTestFileResult({ path }: { readonly path: string }): void {
    clearTimeout(this.limits.get(path));
  }

  onRunComplete(_contexts: unknown, results: Results): void {
    const all = count(results);
    // With -t the tests of other names are pending as well.
    const skipped = all.skipped.filter(({ reason }) => !this.config.testNamePattern || reason !== NO_REASON);
    const counts = { ...all, skipped };
    if (process.env.COUNTS_FILE) writeFileSync(process.env.COUNTS_FILE, JSON.stringify(counts));
    else process.stdout.write(`${closingLines(counts).join('\n')}\n`);
  }
}

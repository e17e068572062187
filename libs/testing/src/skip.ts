import type * as jest from '@jest/globals';

// Jest's globals, since '@jest/globals' can be imported inside a test file alone, and this lib serves programs as well.
declare const describe: typeof jest.describe;
declare const it: typeof jest.it;

/** Why tests cannot run on this machine; false where they can. */
export type SkipReason = false | string;

/** Declares a suite, or, with a reason, one skipped test in its place. The closing lines of a test run list the reason. */
export function describeUnless(skip: SkipReason, name: string, tests: () => void): void {
  if (skip) itUnless(skip, name, () => undefined);
  else describe(name, tests);
}

/** Declares a test that is skipped where there is a reason. The closing lines of a test run list the reason. */
export function itUnless(skip: SkipReason, name: string, test: () => unknown, timeoutMs?: number): void {
  if (skip) it.skip(`${name} [skipped: ${skip}]`, () => undefined);
  else it(name, async () => void (await test()), timeoutMs);
}

import { describe, expect, it } from '@jest/globals';
import { BUGS, type Bug } from './bugs.js';
import { explain, runSchedules } from './run.js';
import { scenarioOf } from './scenario.js';
import { replay, simulate } from './schedule.js';
import { shrink, trace } from './shrink.js';

/** Seeds within which each planted bug must be found. */
const WITHIN: Record<Bug, number> = {
  'no-fencing': 100,
  'no-version-check': 50,
  'counter-off-by-one': 50,
  'lost-lease-not-resent': 50,
  'run-not-checked': 200,
  'sent-before-commit': 50,
  'promoted-without-admission': 50,
  'torn-read-not-repeated': 1_000,
  'approvals-never-expire': 100,
  'result-kept-by-retry': 100,
};

// Node's limit, which Jest raises: a fault's frames are then those of the simulation, not of who runs it.
Error.stackTraceLimit = 10;

describe('the simulation', () => {
  it('finds no broken invariant in 2,000 schedules', () => {
    const { failedSeeds, schedules, commits } = runSchedules(0, 2_000);
    expect(failedSeeds.slice(0, 1).map(explain)).toEqual([]);
    expect(schedules).toBe(2_000);
    expect(commits).toBeGreaterThan(10_000);
  });

  it('sends each try of each task exactly once where nothing fails', () => {
    for (let seed = 0; seed < 300; seed++) {
      const { violation, world } = simulate(seed, new Set(), { faults: false, operators: false });
      expect(violation).toBeNull();
      expect([...world.invariants.sent].filter(([, times]) => times !== 1)).toEqual([]);
    }
  });

  it('takes the same course from the same seed', () => {
    for (const seed of [1, 22, 333]) {
      const [first, again] = [simulate(seed), simulate(seed)];
      expect(again.actions).toEqual(first.actions);
      expect([...again.world.database.chains.values()]).toEqual([...first.world.database.chains.values()]);
    }
  });

  for (const [bug, what] of Object.entries(BUGS) as [Bug, string][]) {
    it(`finds a planted bug: ${what}`, () => {
      const bugs = new Set([bug]);
      let seed = 0;
      while (seed < WITHIN[bug] && simulate(seed, bugs).violation === null) seed++;
      expect(seed).toBeLessThan(WITHIN[bug]);
      const found = simulate(seed, bugs);
      const least = shrink(found, bugs);
      expect(least.actions.length).toBeLessThanOrEqual(found.actions.length);
      const again = replay(scenarioOf(seed), least.actions, bugs);
      expect(again.violation?.message).toBe(least.violation?.message);
      expect(trace(least, bugs)).toContain(least.violation!.message);
    });
  }
});

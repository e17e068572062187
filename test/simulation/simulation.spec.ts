import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '#libs/testing';
import { BUGS, type Bug } from './bugs.js';
import { connect, disconnect, type Connections } from './rows.js';
import { explain, runSchedules } from './run.js';
import { scenarioOf } from './scenario.js';
import { replay, simulate } from './schedule.js';
import { shrink, trace } from './shrink.js';

/** After the seed that found it, a planted bug is found within so many schedules. */
const WITHIN = 20;

// Node's limit, which Jest raises: a fault's frames are then those of the simulation, not of who runs it.
Error.stackTraceLimit = 10;

describe('the simulation', () => {
  let database: TestDatabase;
  let connections: Connections;
  afterAll(async () => {
    await disconnect(connections);
    await database.drop();
  });
  beforeAll(async () => {
    database = await createTestDatabase();
    connections = await connect(database.url);
  });

  for (const from of [0, 50, 100, 150]) {
    it(`finds no broken invariant in the 50 schedules from ${from}`, async () => {
      const { failedSeeds, commits } = await runSchedules(connections, { from, count: 50, bugs: [] });
      const explained = failedSeeds.length === 0 ? null : await explain(connections, failedSeeds[0]!);
      expect([explained, failedSeeds]).toEqual([null, []]);
      expect(commits).toBeGreaterThan(1_000);
    });
  }

  it('sends each try of each task exactly once where nothing fails', async () => {
    for (let seed = 0; seed < 25; seed++) {
      const { violation, world } = await simulate(connections, seed, new Set(), { faults: false, operators: false });
      expect(violation).toBeNull();
      expect([...world.invariants.sent].filter(([, times]) => times !== 1)).toEqual([]);
    }
  });

  it('takes the same course from the same seed', async () => {
    for (const seed of [1, 22, 33]) {
      const [first, again] = [await simulate(connections, seed), await simulate(connections, seed)];
      expect(again.actions).toEqual(first.actions);
      expect([...again.world.rows.chains]).toEqual([...first.world.rows.chains]);
    }
  });

  it('makes a schedule that fails shorter, and tells it in words', async () => {
    const bugs = new Set<Bug>(['limit-not-read']);
    const found = await simulate(connections, BUGS['limit-not-read'].seed, bugs);
    const least = await shrink(connections, found, bugs, {}, 30);
    expect(least.actions.length).toBeLessThan(found.actions.length);
    const again = await replay(connections, scenarioOf(found.seed), least.actions, bugs);
    expect(again.violation?.message).toBe(least.violation?.message);
    expect(await trace(connections, least, bugs)).toContain(least.violation!.message);
  });

  for (const [bug, { what, seed }] of Object.entries(BUGS)) {
    it(`finds a planted bug: ${what}`, async () => {
      let found = false;
      for (let at = seed; at < seed + WITHIN && !found; at++) {
        found = (await simulate(connections, at, new Set([bug as Bug]))).violation !== null;
      }
      expect(found).toBe(true);
    });
  }
});

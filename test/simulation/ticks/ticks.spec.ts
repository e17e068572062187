import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '#libs/testing';
import { TICK_BUGS, type TickBug } from './bugs.js';
import { connectTicks, simulateTicks, type TickConnections } from './ticks.js';

/** After the seed that found it, a planted bug is found within so many schedules. */
const WITHIN = 8;

describe('the simulation of schedules', () => {
  let database: TestDatabase;
  let connections: TickConnections;
  afterAll(async () => {
    await connections.api.close();
    await connections.owner.close();
    await database.drop();
  });
  beforeAll(async () => {
    database = await createTestDatabase();
    connections = await connectTicks(database.url);
  });

  it('finds no broken invariant in 30 schedules', async () => {
    const broken: string[] = [];
    for (let seed = 0; seed < 30; seed++) {
      const violation = await simulateTicks(connections, seed);
      if (violation !== null) broken.push(`${seed}: ${violation}`);
    }
    expect(broken).toEqual([]);
  });

  for (const [bug, { what, seed }] of Object.entries(TICK_BUGS)) {
    it(`finds a planted bug: ${what}`, async () => {
      let found: string | null = null;
      for (let at = seed; at < seed + WITHIN && found === null; at++) {
        found = await simulateTicks(connections, at, bug as TickBug);
      }
      expect(found).toContain('I20');
    });
  }
});

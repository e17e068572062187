import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { openDatabase, type Database } from '#libs/repositories';
import { SteppedClock, useTestDatabase } from '#libs/testing';
import { makeEngineMetrics } from '../metrics.js';
import { ClockKeeper } from './clock-keeper.js';

const SECOND = 1_000;
const HOUR = 3_600_000;

describe('the counted time', () => {
  let db: Database;
  let ownerDb: Database;
  let postgres: SteppedClock;
  afterAll(() => Promise.all([db.close(), ownerDb.close()]));
  const database = useTestDatabase();
  beforeAll(async () => {
    postgres = await SteppedClock.in(database.url);
    db = await openDatabase(database.url, { role: 'task_chain_engine', max: 2 });
    ownerDb = await openDatabase(database.url, { max: 1 });
  });
  beforeEach(async () => {
    await owner(`UPDATE clock SET seen_at = NULL, lag = '0'`);
    lines.length = 0;
    metrics.clockSteps.reset();
    passedMs = 0;
  });

  const metrics = makeEngineMetrics(new Registry());
  const lines: [level: string, seconds: number][] = [];
  const line = (level: string) => (data: object) => void lines.push([level, (data as { seconds: number }).seconds]);
  const log = { info: line('info'), warn: line('warn'), error: line('error') };
  /** Added to the time that really goes by. */
  let passedMs: number;
  const monotonic = () => performance.now() + passedMs;
  /** A listener, whose machine may be suspended: then its monotonic clock stands. */
  const listener = () => {
    const its = { suspendedMs: 0 };
    const keeper = new ClockKeeper({ db, log, metrics }, () => monotonic() - its.suspendedMs);
    return Object.assign(its, { count: () => keeper.count() });
  };
  const owner = async (text: string): Promise<void> => void (await ownerDb.query({ name: '', text }));
  /** Time goes by: for PostgreSQL and for everybody else. */
  const pass = async (ms: number): Promise<void> => {
    passedMs += ms;
    await postgres.step(ms);
  };
  const countFor = async (seconds: number, ...listeners: { count(): Promise<void> }[]): Promise<void> => {
    for (let n = 0; n < seconds; n++) {
      await pass(SECOND);
      for (const one of listeners) await one.count();
    }
  };
  /** By how many seconds the counted time is ahead of the monotonic clock. */
  const ahead = async (): Promise<number> => {
    const text = `SELECT extract(epoch FROM clock_timestamp() - lag)::float8 * 1000 AS ms FROM clock`;
    return ((await ownerDb.query<{ ms: number }>({ name: '', text }))[0]!.ms - monotonic()) / 1_000;
  };
  const lag = async (): Promise<number> => {
    const text = `SELECT extract(epoch FROM lag)::float8 AS seconds FROM clock`;
    return (await ownerDb.query<{ seconds: number }>({ name: '', text }))[0]!.seconds;
  };
  const steps = async (): Promise<number> => (await metrics.clockSteps.get()).values[0]!.value;
  /** Within 5 s, since a busy machine adds time; within 0.5 s where so little is at stake. */
  const about = (ms: number, digits = Math.abs(ms) < 5_000 ? 0 : -1): unknown => expect.closeTo(ms / 1_000, digits);

  it('is that of PostgreSQL while both clocks agree', async () => {
    const one = listener();
    await one.count();
    const before = await ahead();
    await countFor(30, one);
    expect([await ahead(), await lag(), await steps()]).toEqual([about(before * SECOND), 0, 0]);
  });

  for (const [name, stepMs] of [
    ['-1 h', -HOUR],
    ['+2 h', 2 * HOUR],
    ['a server 2 s ahead', 2 * SECOND],
    ['a server 2 s behind', -2 * SECOND],
  ] as const) {
    it(`goes on by the monotonic clock over a step: ${name}`, async () => {
      const one = listener();
      await countFor(4, one);
      const before = await ahead();
      await postgres.step(stepMs);
      await countFor(10, one);
      expect(await ahead()).toEqual(expect.closeTo(before, Math.abs(stepMs) < HOUR ? 0 : -1));
      expect([await lag(), await steps(), lines]).toEqual([about(stepMs), 1, [['warn', about(stepMs)]]]);
    });
  }

  it('takes a step once, whichever of two listeners sees it first', async () => {
    const both = [listener(), listener()];
    await countFor(4, ...both);
    const before = await ahead();
    await postgres.step(-HOUR);
    await pass(SECOND);
    await Promise.all(both.map((one) => one.count()));
    await countFor(3, ...both.reverse());
    expect([await ahead(), await lag(), await steps()]).toEqual([about(before * SECOND), about(-HOUR), 1]);
  });

  it('sees no step in a pause of the process, which the monotonic clock counts', async () => {
    const one = listener();
    await countFor(4, one);
    const before = await ahead();
    await pass(60 * SECOND);
    await one.count();
    await countFor(2, one);
    expect([await ahead(), await lag(), await steps()]).toEqual([about(before * SECOND), 0, 0]);
  });

  it('sees no step where its machine was suspended and another listener has counted on', async () => {
    const [one, other] = [listener(), listener()];
    await countFor(4, one, other);
    await countFor(60, other);
    one.suspendedMs = 60 * SECOND;
    await countFor(5, one, other);
    expect([await lag(), await steps(), lines]).toEqual([0, 0, []]);
  });

  for (const [name, stepMs] of [
    ['', 0],
    [' and the clock steps by -1 h', -HOUR],
    [' and the clock steps by +2 h', 2 * HOUR],
  ] as const) {
    it(`stands while no listener runs${name}`, async () => {
      const first = listener();
      await countFor(4, first);
      const before = await ahead();
      await pass(600 * SECOND);
      await postgres.step(stepMs);
      const second = listener();
      await countFor(5, second);
      expect(await ahead()).toEqual(about((before - 601) * SECOND));
      expect([await steps(), lines]).toEqual([0, [['info', about(601 * SECOND + stepMs)]]]);
    });
  }

  it('is not led astray by a listener that starts between a step and its count', async () => {
    const one = listener();
    await countFor(4, one);
    const before = await ahead();
    await postgres.step(2 * HOUR);
    const late = listener();
    await late.count();
    await countFor(5, one, late);
    expect([await ahead(), await lag(), await steps()]).toEqual([about(before * SECOND), about(2 * HOUR), 1]);
  });

  it('goes on beside a listener that starts again at once', async () => {
    await countFor(4, listener());
    const before = await ahead();
    await pass(3 * SECOND);
    await countFor(3, listener());
    expect([await ahead(), await lag(), lines]).toEqual([about(before * SECOND), 0, []]);
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DueSchedule, PlannedTick } from '#libs/repositories';
import { isoOf } from './due-times.js';
import { planTicks } from './plan-ticks.js';

const START = Date.parse('2026-03-01T00:00:00Z');
const schedule = (more: Partial<DueSchedule>): DueSchedule => ({
  ...{ schedule_id: 'schedule-1', revision: 1, cron: null, time_zone: 'UTC', at: null },
  ...{ interval: 60, anchor: isoOf(START), catch_up: 1, jitter: 0 },
  ...{ next_due_at: isoOf(START + 60_000), now: isoOf(START) },
  ...more,
});

/** Plans again and again, until nothing is due any more: as the loop does. */
function planAll(first: DueSchedule): { ticks: PlannedTick[]; next: string | null; rounds: number } {
  const ticks: PlannedTick[] = [];
  let next: string | null = first.next_due_at;
  let rounds = 0;
  while (next !== null && next <= first.now) {
    const plan = planTicks({ ...first, next_due_at: next });
    expect([plan.due, plan.schedule_id]).toEqual([next, first.schedule_id]);
    ticks.push(...plan.ticks);
    next = plan.next;
    rounds++;
  }
  return { ticks, next, rounds };
}

describe('plans of ticks', () => {
  test('take each due time once, whenever they are made and however the clock jumps', () => {
    fc.assert(
      fc.property(
        fc.record({ interval: fc.integer({ min: 10, max: 4_000 }), catchUp: fc.integer({ min: 0, max: 100 }) }),
        fc.array(fc.integer({ min: -20_000_000, max: 20_000_000 }), { maxLength: 8 }),
        ({ interval, catchUp }, looks) => {
          const step = interval * 1_000;
          let next: string | null = isoOf(START + step);
          const counted: number[] = [];
          let latest = 0;
          for (const look of looks) {
            const now = isoOf(START + look);
            if (next! > now) continue;
            const planned = planAll(schedule({ interval, catch_up: catchUp, next_due_at: next!, now }));
            for (const { due_at: due, missed } of planned.ticks) {
              const turn = (Date.parse(due) - START) / step;
              for (let each = turn - (missed ?? 1) + 1; each <= turn; each++) counted.push(each);
            }
            next = planned.next;
            latest = Math.max(latest, look);
          }
          expect(counted).toEqual(Array.from({ length: Math.floor(latest / step) }, (_, turn) => turn + 1));
          expect(next).toBe(isoOf(START + (counted.length + 1) * step));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('make up for the newest late due times alone, in their order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 2, max: 1_000 }), (catchUp, minutes) => {
        const now = START + minutes * 60_000 + 30_000;
        const { ticks } = planAll(schedule({ catch_up: catchUp, now: isoOf(now) }));
        const waiting = ticks.filter(({ outcome }) => outcome === 'WAITING').map(({ due_at: due }) => due);
        // The last is half a minute late, which is on time.
        const made = Math.min(minutes, catchUp + 1);
        expect(waiting).toEqual(
          Array.from({ length: made }, (_, i) => isoOf(START + (minutes - made + 1 + i) * 60_000)),
        );
        const missed = ticks.flatMap((tick) => tick.missed ?? []).reduce((sum, each) => sum + each, 0);
        expect(missed).toBe(minutes - made);
      }),
    );
  });

  test('take small steps after a long time, and end', () => {
    const now = isoOf(START + 86_400_000 + 1_000);
    const { ticks, rounds } = planAll(schedule({ cron: '* * * * *', interval: null, now }));
    expect(rounds).toBe(15);
    expect(ticks.filter(({ outcome }) => outcome === 'WAITING').map(({ due_at: due }) => due)).toEqual([
      ...['2026-03-01T23:59:00.000Z', '2026-03-02T00:00:00.000Z'],
    ]);
  });

  test('of a single time end the schedule', () => {
    const at = isoOf(START);
    const once = schedule({ interval: null, at, next_due_at: at, now: isoOf(START + 5_000) });
    expect(planTicks(once)).toMatchObject({ next: null, ticks: [{ due_at: at, outcome: 'WAITING' }] });
    const late = { ...once, now: isoOf(START + 3_600_000) };
    expect(planTicks(late).ticks.map(({ outcome }) => outcome)).toEqual(['WAITING']);
    expect(planTicks({ ...late, catch_up: 0 }).ticks).toMatchObject([{ outcome: 'MISSED', missed: 1 }]);
  });

  test('spread chains over the jitter, the same in each process', () => {
    const waits = Array.from({ length: 200 }, (_, i) => {
      const given = schedule({ schedule_id: `schedule-${i}`, jitter: 600, now: isoOf(START + 60_000) });
      const [tick] = planTicks(given).ticks;
      expect(planTicks(given).ticks).toEqual([tick]);
      return tick!.wait_ms;
    });
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...waits)).toBeLessThan(600_000);
    const mean = waits.reduce((sum, each) => sum + each, 0) / waits.length;
    expect(Math.abs(mean - 300_000)).toBeLessThan(60_000);
    // Each due time of one schedule has its own delay.
    const day = schedule({ jitter: 600, catch_up: 100, now: isoOf(START + 3_600_000) });
    const waiting = planTicks(day).ticks.filter(({ wait_ms: wait }) => wait > 0);
    const delays = waiting.map(({ due_at: due, wait_ms: wait }) => Date.parse(due) + wait - Date.parse(day.now));
    expect(waiting.length).toBeGreaterThan(2);
    expect(new Set(delays.map((delay) => (delay + 60_000_000) % 60_000)).size).toBeGreaterThan(1);
  });
});

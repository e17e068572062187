import { createHash } from 'node:crypto';
import type { DueSchedule, PlannedTick, TickPlan } from '#libs/repositories';
import { dueTimes, isoOf } from './due-times.js';

/** A due time that is looked at later than this is late: made up for as `catch_up` says, ms. */
const LATE_MS = 60_000;
/** More due times than those of the last minute. */
const MOST_ON_TIME = 10;
/** Late due times beyond those to make up for that one look takes at most: the rest is left to the next. */
const STEP = 100;

/**
 * How a schedule whose due time has come goes on. Of late due times the newest `catch_up` are made up for; one tick stands for
 * those before them. Each due time from `next_due_at` on is planned once, however the clock jumps.
 */
export function planTicks(schedule: DueSchedule): TickPlan {
  const { schedule_id, revision, next_due_at: due, catch_up: catchUp } = schedule;
  const now = Date.parse(schedule.now);
  const times = [Date.parse(due)];
  let next: number | null = null;
  for (const time of dueTimes(schedule, times[0]!)) {
    next = time;
    if (time > now || times.length === STEP + catchUp + MOST_ON_TIME) break;
    times.push(time);
    next = null;
  }
  const plan = { schedule_id, revision, due };
  if (next !== null && next <= now) {
    return { ...plan, next: isoOf(times[STEP]!), ticks: missedTick(times.slice(0, STEP)) };
  }
  const late = times.filter((time) => time < now - LATE_MS).length;
  const missed = Math.max(0, late - catchUp);
  const ticks = times.slice(missed).map((time): PlannedTick => {
    const wait_ms = Math.max(0, time + jitterOf(schedule, time) - now);
    return { due_at: isoOf(time), outcome: 'WAITING', missed: null, wait_ms };
  });
  return {
    ...plan,
    next: next === null ? null : isoOf(next),
    ticks: [...missedTick(times.slice(0, missed)), ...ticks],
  };
}

/** One tick for all of them. */
function missedTick(times: readonly number[]): PlannedTick[] {
  if (times.length === 0) return [];
  return [{ due_at: isoOf(times.at(-1)!), outcome: 'MISSED', missed: times.length, wait_ms: 0 }];
}

/** The same in each process, and spread evenly over the due times, ms. */
function jitterOf({ schedule_id: id, jitter }: DueSchedule, time: number): number {
  const drawn = createHash('sha256').update(`${id}@${time}`).digest().readUInt32BE(0);
  return (drawn / 2 ** 32) * jitter * 1_000;
}

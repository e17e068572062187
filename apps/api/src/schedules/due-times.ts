import { CronExpressionParser } from 'cron-parser';
import type { ScheduleTiming } from '#libs/repositories';

// cron-parser, as it comes with BullMQ already: MIT, kept, and it judges daylight saving as cron does. A time that the clock leaves out
// comes an hour later, one that it has twice comes once; what is due each hour or each minute follows the time that goes by.

/** Five fields, or a word for them. Not `H`, whose value differs from process to process. */
const CRON = /^(?!.*\bH)(\S{1,200}( +\S{1,200}){4}|@(hourly|daily|weekly|monthly|yearly))$/i;
const TIME_ZONE = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;

/** What is wrong with a cron expression; null: nothing. */
export function cronFault(cron: string, timeZone: string): string | null {
  if (!CRON.test(cron))
    return 'must have the five fields minute, hour, day, month and weekday, or be @daily or the like';
  try {
    CronExpressionParser.parse(cron, { tz: timeZone, currentDate: 0 }).next();
    return null;
  } catch (error) {
    return `is not right, or never due: ${(error as Error).message}`;
  }
}

/** Whether it names a time zone of the IANA database. */
export function isTimeZone(name: string): boolean {
  if (!TIME_ZONE.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The due times later than `after`, one by one, in ms since 1970; none where events alone start it. */
export function* dueTimes(
  { cron, time_zone: zone, interval, anchor, at }: ScheduleTiming,
  after: number,
): Generator<number> {
  if (at !== null) {
    const time = Date.parse(at);
    if (time > after) yield time;
  } else if (interval !== null) {
    const step = interval * 1_000;
    const first = Date.parse(anchor);
    for (let turn = Math.max(1, Math.floor((after - first) / step) + 1); ; turn++) yield first + turn * step;
  } else if (cron !== null) {
    const times = CronExpressionParser.parse(cron, { tz: zone!, currentDate: after });
    for (;;) yield times.next().getTime();
  }
}

/** The next due times, `most` at most. */
export function nextDueTimes(timing: ScheduleTiming, after: number, most: number): number[] {
  const found: number[] = [];
  for (const time of dueTimes(timing, after)) if (found.push(time) >= most) break;
  return found;
}

/** As the database and the API write it. */
export const isoOf = (time: number): string => new Date(time).toISOString();

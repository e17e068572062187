import { describe, expect, test } from '@jest/globals';
import { cronFault, isoOf, isTimeZone, nextDueTimes } from './due-times.js';

const cron = (expression: string, time_zone: string, after: string, most: number): string[] =>
  nextDueTimes({ cron: expression, time_zone, interval: null, anchor: after, at: null }, Date.parse(after), most).map(
    (time) => isoOf(time).replace(':00.000Z', 'Z'),
  );

describe('due times', () => {
  test('of a time that the clock leaves out in spring come an hour later, once', () => {
    expect(cron('30 2 * * *', 'Europe/Berlin', '2027-03-27T00:00Z', 3)).toEqual([
      ...['2027-03-27T01:30Z', '2027-03-28T01:30Z', '2027-03-29T00:30Z'],
    ]);
    expect(cron('30 2 * * *', 'America/New_York', '2027-03-14T00:00Z', 2)).toEqual([
      ...['2027-03-14T07:30Z', '2027-03-15T06:30Z'],
    ]);
  });

  test('of a time that the clock has twice in autumn come once, the first time', () => {
    expect(cron('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', 2)).toEqual([
      ...['2026-10-25T00:30Z', '2026-10-26T01:30Z'],
    ]);
    expect(cron('15 1-3 * * *', 'Europe/Berlin', '2026-10-24T22:30Z', 4)).toEqual([
      ...['2026-10-24T23:15Z', '2026-10-25T00:15Z', '2026-10-25T02:15Z', '2026-10-26T00:15Z'],
    ]);
  });

  test('of each hour and each half hour follow the time that goes by, on both days', () => {
    for (const after of ['2027-03-27T23:00Z', '2026-10-24T23:00Z']) {
      for (const [expression, minutes] of [
        ['0 * * * *', 60],
        ['*/30 * * * *', 30],
      ] as const) {
        const found = cron(expression, 'Europe/Berlin', after, 8).map((time) => Date.parse(time));
        const expected = found.map((_, turn) => Date.parse(after) + (turn + 1) * minutes * 60_000);
        expect(found).toEqual(expected);
      }
    }
  });

  test('stay at their hour of the place across a change of the clock', () => {
    expect(cron('0 9 * * MON', 'Europe/Berlin', '2027-03-22T12:00Z', 2)).toEqual([
      '2027-03-29T07:00Z',
      '2027-04-05T07:00Z',
    ]);
    expect(cron('0 9 * * MON', 'Asia/Shanghai', '2027-03-22T12:00Z', 1)).toEqual(['2027-03-29T01:00Z']);
    expect(cron('@monthly', 'UTC', '2027-01-31T12:00Z', 2)).toEqual(['2027-02-01T00:00Z', '2027-03-01T00:00Z']);
  });

  test('of an interval count from where it began, whatever time it is now', () => {
    const every = { cron: null, time_zone: 'UTC', interval: 3_600, anchor: '2026-01-01T00:10:00.000Z', at: null };
    const after = (time: string): string[] => nextDueTimes(every, Date.parse(time), 2).map(isoOf);
    expect(after('2020-01-01T00:00:00Z')).toEqual(['2026-01-01T01:10:00.000Z', '2026-01-01T02:10:00.000Z']);
    expect(after('2026-01-01T01:10:00Z')).toEqual(['2026-01-01T02:10:00.000Z', '2026-01-01T03:10:00.000Z']);
    expect(after('2026-06-01T12:30:00Z')).toEqual(['2026-06-01T13:10:00.000Z', '2026-06-01T14:10:00.000Z']);
  });

  test('of a single time come once', () => {
    const once = {
      cron: null,
      time_zone: 'UTC',
      interval: null,
      anchor: '2026-01-01T00:00:00Z',
      at: '2026-02-01T00:00:00.000Z',
    };
    expect(nextDueTimes(once, 0, 3).map(isoOf)).toEqual(['2026-02-01T00:00:00.000Z']);
    expect(nextDueTimes(once, Date.parse(once.at), 3)).toEqual([]);
  });

  test.each([
    ...['', '0 2 * *', '0 2 * * * *', 'H 2 * * *', '*/H 2 * * *', '61 * * * *', '0 0 30 2 *', 'never', '@reboot'],
    ...['* * * * *\n* * * * *', `${'0,'.repeat(200)}1 * * * *`],
  ])('refuse the expression %j', (expression) => {
    expect(cronFault(expression, 'UTC')).not.toBe(null);
  });

  test.each(['0 2 * * THU', '@daily', '*/5 9-17 * JAN,FEB MON-FRI', '0 0 L * *', '0 12 * * 1#2', '0 0 29 2 *'])(
    'take the expression %j',
    (expression) => {
      expect(cronFault(expression, 'Asia/Shanghai')).toBe(null);
    },
  );

  test('take names of time zones alone', () => {
    expect(['UTC', 'Asia/Shanghai', 'America/Argentina/Buenos_Aires'].map(isTimeZone)).toEqual([true, true, true]);
    expect(['', 'Mars/Olympus', '+08:00', 'Asia/Shanghai ', 'a'.repeat(65)].map(isTimeZone)).toEqual([
      ...[false, false, false, false, false],
    ]);
  });
});

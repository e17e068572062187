import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { filled, namesEvent, wordFaults } from './schedule-words.js';
import { bodyOf } from './schedule-body.js';

const schedule = { due_at: '2026-01-31T12:00:00.000Z', date: '2026-01-31' };
const event = {
  body: { day: 7, list: [{ a: 'x' }], text: '${secrets.key} ${event.body.day} ${schedule.date}', no: null },
};
const put = (value: never) => filled(value, { schedule, event });

describe('words of schedules', () => {
  test('become values where they stand alone, and texts where they do not', () => {
    expect(
      put({
        ...{
          day: '${event.body.day}',
          list: '${event.body.list}',
          a: ['${event.body.list[0].a}', 1],
          no: '${event.body.no}',
        },
        ...{ text: 'of ${schedule.date}: ${event.body.list}', due: '${schedule.due_at}', plain: 'a $ { ${params.x}' },
      } as never),
    ).toEqual({
      ...{ day: 7, list: [{ a: 'x' }], a: ['x', 1], no: null },
      ...{ text: 'of 2026-01-31: [{"a":"x"}]', due: schedule.due_at, plain: 'a $ { ${params.x}' },
    });
  });

  test('that lead to nothing leave their place out, and are empty within a text', () => {
    expect(put({ a: '${event.body.none}', b: ['${event.body.list[9]}', 2], c: '<${event.none}>' } as never)).toEqual({
      b: [2],
      c: '<>',
    });
    expect(filled('${event.body}', { schedule, event: null })).toBe(undefined);
    // What every object has is no member of it.
    expect(
      put({ a: '${event.constructor}', b: '${event.body.list.length}', c: '${event.__proto__}' } as never),
    ).toEqual({});
  });

  test('of an event are never read again', () => {
    expect(put('${event.body.text}!' as never)).toBe(`${event.body.text}!`);
    expect(put('${event.body.text}' as never)).toBe(event.body.text);
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (body) => {
        const found = filled({ said: '${event.body}' }, { schedule, event: { body: body as never } });
        expect(found).toEqual({ said: body });
      }),
    );
  });

  test('are those that the event has', () => {
    const faults = (params: object, kind?: 'on_dataset' | 'on_chain_end' | 'on_webhook') =>
      wordFaults(params as never, kind).map(({ pointer }) => pointer);
    const params = {
      a: '${event.body.x}',
      b: ['${schedule.date}'],
      c: '${schedule.none}',
      d: '${event}',
      e: '${event.id.}',
    };
    expect(faults(params, 'on_webhook')).toEqual(['/params/c', '/params/d', '/params/e']);
    expect(faults(params)).toEqual(['/params/a', '/params/c', '/params/d', '/params/e']);
    expect(faults({ a: '${event.dataset}', b: '${event.body}' }, 'on_dataset')).toEqual(['/params/b']);
    expect(faults({ a: '${events.x} ${event-1} ${eventually}' })).toEqual([]);
    expect([namesEvent(['${event.id}']), namesEvent('${schedule.date}'), namesEvent(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

test('an event names no secret, and a date is that of the place', async () => {
  const due = '2026-01-31T18:00:00Z';
  const of = (params: Record<string, unknown>, time_zone: string | null = 'Asia/Shanghai') => {
    const source = { template_id: null, version: null, chain: { chain_name: 'x' }, params, time_zone };
    return bodyOf({} as never, {} as never, source as never, due, {
      body: { key: '${secrets.a}', text: 'at ${secrets.a}' },
    });
  };
  const refused = { code: 'INVALID_CHAIN', errors: [{ code: 'SECRET_NOT_ALLOWED', pointer: '/params/key' }] };
  await expect(of({ key: '${event.body.key}' })).rejects.toMatchObject(refused);
  const { body } = await of({ own: '${secrets.a}', text: '${event.body.text}', day: '${schedule.date}' });
  expect(body).toMatchObject({
    args: { own: '${secrets.a}', text: 'at ${secrets.a}', day: '2026-02-01' },
    execute: true,
  });
  expect((await of({ day: '${schedule.date}' }, null)).body).toMatchObject({ args: { day: '2026-01-31' } });
});

import { describe, expect, it } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import type { TenantDatabases } from '#libs/repositories';
import type { Role } from '../auth/roles.js';
import { ScheduleDeliveriesController } from './schedule-deliveries.controller.js';
import { ScheduleTicksController } from './schedule-ticks.controller.js';

const engine = { transaction: (work: (tx: object) => unknown) => work({}) };
const databases = { engine, reads: engine } as unknown as TenantDatabases;
const replyFor = (actor: string, role: Role): FastifyReply =>
  ({ request: { identity: { actor, role }, ip: '-', id: 'r' } }) as unknown as FastifyReply;
const audit = { record: async () => undefined };
const SCHEDULE = {
  ...{ schedule_id: 'schedule-1', runs_as: 'key:a', cron: null, interval: 60, at: null },
  anchor: '2026-01-01T00:00:00Z',
};

describe('the secret of deliveries', () => {
  const rotate = (actor: string, role: Role) => {
    const schedules = { find: async () => SCHEDULE, setWebhookSecret: async () => ({}) };
    const given = [undefined, schedules, undefined, audit, undefined, undefined] as never[];
    const controller = new (ScheduleDeliveriesController as new (...all: never[]) => ScheduleDeliveriesController)(
      ...given,
    );
    return controller.rotate(databases, 'schedule-1', undefined, replyFor(actor, role));
  };

  it('is made for the key whose rights the chains have, and for admins alone', async () => {
    expect((await rotate('key:a', 'author')).secret).toMatch(/^whsec_/);
    expect((await rotate('key:b', 'admin')).secret).toMatch(/^whsec_/);
    await expect(rotate('key:b', 'author')).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('save the schedule with your key first'),
    });
  });
});

describe('ticks that somebody asks for', () => {
  const controllerOf = (waiting: number, stored: string[][]) => {
    const schedules = {
      now: async () => Date.parse('2026-01-02T00:00:00Z'),
      waitingByHand: async () => waiting,
      addRun: async () => ({ due_at: 'now' }),
      backfill: async (_: unknown, __: string, times: string[], dryRun: boolean) => {
        if (!dryRun) stored.push(times);
        return times;
      },
    };
    const reader = { find: async () => SCHEDULE };
    const ticker = { wake: () => undefined };
    return new ScheduleTicksController(schedules as never, reader as never, audit as never, ticker as never);
  };
  const reply = replyFor('key:a', 'author');
  const body = { from: '2026-01-01T00:01:00Z', to: '2026-01-01T00:10:00Z' };

  it('are a thousand that wait at most', async () => {
    const stored: string[][] = [];
    const run = (waiting: number) => controllerOf(waiting, stored).run(databases, 'schedule-1', undefined, reply);
    const backfill = (waiting: number, dry_run = false) =>
      controllerOf(waiting, stored).backfill(databases, 'schedule-1', body, { dry_run }, undefined, reply);
    expect(await run(999)).toEqual({ due_at: 'now' });
    await expect(run(1_000)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect((await backfill(990)).due_times).toHaveLength(10);
    expect(stored).toHaveLength(1);
    await expect(backfill(991)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    expect((await backfill(991, true)).due_times).toHaveLength(10);
    expect(stored).toHaveLength(1);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import type { TenantDatabases } from '#libs/repositories';
import type { Role } from '../auth/roles.js';
import { Problem } from '../http/problem.js';
import { ScheduleDeliveriesController } from './schedule-deliveries.controller.js';
import { ScheduleOwners } from './schedule-owners.js';
import { ScheduleTicksController } from './schedule-ticks.controller.js';
import { TickMaker } from './tick-maker.js';

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
  const rotate = (actor: string, role: Role) =>
    rotateWith({ find: async () => SCHEDULE, setWebhookSecret: async () => ({}) }, actor, role);
  const rotateWith = (schedules: object, actor: string, role: Role) => {
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

  it('is not stored where another key saves the schedule meanwhile', async () => {
    const schedules = {
      find: async () => ({ ...SCHEDULE, revision: 1, on_webhook: true }),
      setWebhookSecret: async () => undefined,
    };
    await expect(rotateWith(schedules, 'key:a', 'author')).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
  });
});

describe('a resumed schedule', () => {
  it('goes on from now, and leaves out what was due meanwhile', async () => {
    const changes: object[] = [];
    const there = { ...SCHEDULE, paused: true, revision: 1, next_due_at: '2026-01-01T00:01:00Z' };
    const schedules = {
      now: async () => Date.parse('2026-01-02T00:00:30Z'),
      change: async (_: unknown, __: string, ___: number, change: object) => (changes.push(change), there),
    };
    const reader = { find: async () => there, shown: async () => ({}) };
    const controller = new ScheduleTicksController(schedules as never, reader as never, audit as never, {} as never);
    const reply = Object.assign(replyFor('key:a', 'author'), { header: () => undefined });
    await controller.resume(databases, 'schedule-1', {}, reply);
    expect(changes).toEqual([{ paused: false, next_due_at: '2026-01-02T00:01:00.000Z' }]);
  });
});

describe('the rights of a schedule', () => {
  it('are those of its key, as long as that counts', async () => {
    const now = Date.now();
    const key = { party: 'alice', role: 'author', revoked_at: null, expires_at: new Date(now + 60_000).toISOString() };
    const rightsOf = (more: object | undefined) => {
      const repository = { find: async () => more && { ...key, ...more } };
      const directory = {
        enabled: async () => 'default',
        hasParty: async (_: string, party: string) => party === 'alice',
      };
      const given = { forTenant: () => ({ reads: {} }) };
      const owners = new ScheduleOwners(
        given as never,
        repository as never,
        directory as never,
        { signIn: {} } as never,
      );
      return owners.rightsOf('default', 'key:1');
    };
    expect(await rightsOf({})).toEqual({ party: 'alice', isAdmin: false });
    expect(await rightsOf({ role: 'admin', party: null })).toEqual({ party: null, isAdmin: true });
    const refused = [
      ...[undefined, { expires_at: new Date(now - 1).toISOString() }, { revoked_at: key.expires_at }],
      ...[{ role: 'operator' }, { party: 'bob' }],
    ];
    for (const more of refused) expect(await rightsOf(more)).toMatchObject({ reason: 'KEY_REFUSED' });
  });
});

describe('a tick that would cancel the earlier chain', () => {
  it('leaves that alone where its own chain is refused', async () => {
    const settled: object[] = [];
    let touched = 0;
    const touch = (): never => {
      touched++;
      throw new Error('the earlier chain was touched');
    };
    const work = {
      ...{
        kind: 'DUE',
        outcome: 'WAITING',
        overlap: 'cancel',
        open_chains: ['chain-1'],
        runs_as: 'key:a',
        event: null,
      },
      ...{ template_id: null, version: null, chain: {}, params: {}, time_zone: 'UTC', tried_seconds: 0 },
    };
    const schedules = { tick: async () => work, settle: async (...[, , , end]: object[]) => void settled.push(end!) };
    const creator = { requireFaultless: async () => Promise.reject(new Problem('INVALID_CHAIN', 'no such dataset')) };
    const given = [
      { forTenant: () => ({ engine: { query: touch, transaction: touch } }) },
      schedules,
      { rightsOf: async () => ({ party: null, isAdmin: false }) },
      {},
      creator,
      { scheduleTicks: { inc: () => undefined } },
      { error: () => undefined },
    ] as never[];
    const maker = new (TickMaker as new (...all: never[]) => TickMaker)(...given);
    await maker.make({ schedule_id: 'schedule-1', tenant_id: 'default', due_at: '2026-01-01T00:00:00Z' }, 'me');
    expect(settled).toMatchObject([{ outcome: 'REFUSED', reason: 'INVALID_CHAIN' }]);
    expect(touched).toBe(0);
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

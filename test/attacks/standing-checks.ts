import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import pg from 'pg';
import type { CoveredTask, HoleBounds, StandingStatement } from '#libs/consent';
import { sign } from '#libs/platform';
import {
  ApiClient,
  chain,
  eventually,
  taskOf,
  type ChainAnswer,
  type Check,
  type SystemUnderTest,
} from '../integration/system/index.js';
import { decide, fill, put, scene, type Side } from './two-owners.js';

/** A task of party `a` that writes `value`. */
const filling = (a: Side, value: string, more: object = {}) => {
  const { task_params, ...task } = fill(a);
  return { ...task, task_params: { ...task_params, task_config: { ...task_params.task_config, value } }, ...more };
};

/** What `a` signs: its `fill` with other values, so many times. */
async function cover(a: Side, origin: string, bounds: HoleBounds, more: Partial<StandingStatement & CoveredTask>) {
  const { serial = 1, decision = 'approve', proposer, uses = 9, ...rest } = more;
  const { task_id, task_type, task_params } = filling(a, 'x');
  const params = task_params as unknown as CoveredTask['params'];
  const tasks = [{ task_id, task_type, params, holes: { '/value': bounds }, from: {}, uses, ...rest }];
  const signed = await a.owner.sign({
    ...{ kind: 'standing', name: 'whole', expires_at: '2999-01-01T00:00:00Z' },
    ...{ serial, decision, origin, proposer: proposer!, tasks },
  });
  await put(a, signed);
  return signed;
}

/** A task that runs a chain with that task. */
const inner = (a: Side) => ({
  ...{ task_id: 'inner', task_type: 'chain', depends_on: [] },
  task_params: {
    task_config: {
      args: { value: '${params.value}' },
      chain: {
        params: { type: 'object', properties: { value: { type: 'string' } } },
        tasks: [filling(a, '${params.value}')],
      },
    },
  },
});

/** Standing approvals: what they cover never waits, and all else does. */
export function standingChecks(check: Check, system: SystemUnderTest): void {
  const values = (bounds: string[]): HoleBounds => ({ enum: bounds });
  const create = async (by: Side, tasks: readonly object[]): Promise<string> =>
    (await by.api.expect<{ chain_id: string }>(201, '/chains', { method: 'POST', body: chain(tasks) })).chain_id;
  const execute = (by: Side, id: string) => by.api.expect(202, `/chains/${id}/execute`, { method: 'POST' });
  /** The tasks that wait for an approval once nothing else moves: `<id>: <why>`. */
  const waiting = async (id: string, count: number): Promise<string[]> => {
    const of = ({ tasks }: ChainAnswer) => tasks.filter(({ hold }) => hold === 'APPROVAL');
    const isOver = (status: string) => ['SUCCESS', 'RETRYING', 'FAILURE', 'PENDING'].includes(status);
    const seen = await system.api.until(
      id,
      `${count} wait`,
      (now) => of(now).length === count && now.tasks.every((each) => isOver(each.status)),
    );
    return of(seen).map(({ task_id, error }) => `${task_id}: ${error?.message}`);
  };
  /** Ends well, and no task of it was sent twice: none has waited. */
  const flows = async (id: string): Promise<void> => {
    const { status, tasks } = await system.api.ended(id);
    const sent = tasks.filter(({ task_id: id, attempt }) => /^only(\[|$)/.test(id) && attempt > 0);
    expect([status, ...sent.map(({ attempt }) => attempt)]).toEqual(['SUCCESS', ...sent.map(() => 1)]);
  };

  /** The chain that its task `inner` runs. */
  const childOf = (id: string): Promise<string> =>
    eventually(
      'inner runs a chain',
      async () => taskOf(await system.api.chain(id), 'inner').child_chain_id ?? undefined,
    );

  check('lets what covers a for_each whole run without waiting, and holds each instance outside', async () => {
    const { a, b } = await scene(system);
    const each = (items: string[]) => filling(a, '${item}', { for_each: items });
    const id = await create(b, [each(['x', 'y', 'z'])]);
    await cover(a, `chain:${id}`, values(['x', 'y', 'z']), { proposer: b.party });
    await execute(b, id);
    await flows(id);

    // Signed while all wait: those within the bounds run, and the other waits until the owner decides on it.
    const late = await create(b, [each(['x', 'y', 'w'])]);
    await execute(b, late);
    await waiting(late, 3);
    await cover(a, `chain:${late}`, values(['x', 'y', 'z']), { proposer: b.party, serial: 2 });
    expect(await waiting(late, 1)).toEqual([expect.stringMatching(/^only\[2\]: /)]);
    await decide(a, late, 'only[2]', 'approve');
    expect((await system.api.ended(late)).status).toBe('SUCCESS');

    // One more than it says, in the chain of another party's key, and in another chain.
    const many = await create(b, [each(['x', 'y', 'z'])]);
    await cover(a, `chain:${many}`, values(['x', 'y', 'z']), { proposer: b.party, serial: 3, uses: 2 });
    await execute(b, many);
    expect(await waiting(many, 1)).toEqual([expect.stringMatching(/it covers 2 uses of only/)]);
    const other = await create(b, [each(['x'])]);
    await execute(b, other);
    expect(await waiting(other, 1)).toEqual([expect.not.stringContaining('standing')]);
    const own = await create(a, [each(['x'])]);
    await cover(a, `chain:${own}`, values(['x']), { proposer: b.party, serial: 4 });
    await execute(a, own);
    expect(await waiting(own, 1)).toEqual([expect.stringContaining(`it is not for chains of ${a.party}`)]);
  });

  check('covers nothing of a tenant where its owner did not give it in', async () => {
    const { a, b } = await scene(system);
    const id = await create(b, [filling(a, 'x')]);
    const more = { proposer: b.party };
    const { tenant_id } = await system.api.expect<{ tenant_id: string }>(201, '/tenants', {
      method: 'POST',
      body: { tenant_id: `t${randomUUID().slice(0, 8)}`, name: 'Another' },
    });
    const headers = { 'x-tenant': tenant_id };
    const body = { name: 'admin', role: 'admin' };
    const { key } = await system.api.expect<{ key: string }>(201, '/keys', { method: 'POST', headers, body });
    const elsewhere = { ...a, api: new ApiClient(system.api.url, key) };
    await elsewhere.api.expect(201, '/parties', { method: 'POST', body: { party: a.party, name: 'A' } });
    await cover(elsewhere, `chain:${id}`, values(['x']), more);
    await execute(b, id);
    expect(await waiting(id, 1)).toEqual([expect.not.stringContaining('standing')]);
    await cover(elsewhere, `chain:${id}`, values(['x']), { ...more, serial: 2 });
    await cover(elsewhere, `chain:${id}`, values(['x']), { ...more, serial: 3, decision: 'withdraw' });
    expect(await waiting(id, 1)).toHaveLength(1);
    await cover(a, `chain:${id}`, values(['x']), more);
    expect((await system.api.ended(id)).status).toBe('SUCCESS');
  });

  check('lets the turns of a repeat run without waiting, as many as its owner signed', async () => {
    const { a, b } = await scene(system);
    const step = {
      ...{ task_id: 'step', task_type: 'diagnostic' },
      task_params: { task_config: { result: { seen: ['${params.seen}'] } } },
    };
    const turn = {
      params: {
        type: 'object',
        properties: { seen: { type: 'array', default: [] }, value: { type: 'string' } },
      },
      outputs: { seen: '${tasks.step.result.result.seen}' },
      tasks: [inner(a), { ...step, depends_on: ['inner'] }],
    };
    const loop = {
      ...{ task_id: 'loop', task_type: 'chain', depends_on: [] },
      task_params: { task_config: { chain: turn, args: { value: 'y' } } },
      repeat: { until: 'tasks.loop.result.seen == [[[[]]]]', max: 5, carry: { seen: 'seen' } },
    };
    const turns = async (id: string) =>
      (await system.api.expect<{ items: { chain_id: string }[] }>(200, `/chains?parent_chain_id=${id}`)).items;

    const id = await create(b, [loop]);
    await cover(a, `chain:${id}`, values(['y']), { proposer: b.party, uses: 3 });
    await execute(b, id);
    await flows(id);
    const ran = await turns(id);
    expect(ran).toHaveLength(3);
    for (const { chain_id: turnId } of ran) await flows(await childOf(turnId));

    const longer = await create(b, [loop]);
    await cover(a, `chain:${longer}`, values(['y']), { proposer: b.party, uses: 2, serial: 2 });
    await execute(b, longer);
    let seen: readonly unknown[] = [];
    const look = async () => {
      const found = await turns(longer);
      seen = await Promise.all(found.map((each) => system.api.chain(each.chain_id)));
      return found[2] && found[0]!.chain_id;
    };
    const third = await eventually('the third turn', look, undefined, () => seen);
    expect(await waiting(await childOf(third), 1)).toEqual([expect.stringMatching(/it covers 2 uses of only/)]);
    await cover(a, `chain:${longer}`, values(['y']), { proposer: b.party, uses: 1, serial: 3 });
    expect((await system.api.ended(longer)).status).toBe('SUCCESS');
  });

  check('lets runs of a schedule go on as they were signed, whatever its template becomes', async () => {
    const { a, b } = await scene(system);
    const chainOf = (more: object = {}) => {
      const task = filling(a, '${params.value}');
      Object.assign(task.task_params.task_config, more);
      return {
        ...chain([task]),
        params: { type: 'object', required: ['value'], properties: { value: { type: 'string' } } },
      };
    };
    const call = <T>(method: string, path: string, body: object, headers: Record<string, string> = {}) =>
      b.api.expect<T>(method === 'POST' ? 201 : 200, path, { method, body, headers });
    const template = { title: 'T', chain: chainOf() };
    const { template_id } = await call<{ template_id: string }>('POST', '/templates', template);
    const label = (version: number) => call('PUT', `/templates/${template_id}/labels/production`, { version });
    await label(1);
    const scheduleOf = async (made: object = { template_id, version: 'production' }) => {
      const params = { value: '${event.body.value}' };
      const body = { title: 'S', on_webhook: true, overlap: 'allow', ...made, params };
      const { schedule_id: id } = await call<{ schedule_id: string }>('POST', '/schedules', body);
      const { secret } = await call<{ secret: string }>('POST', `/schedules/${id}/webhook-secret`, {});
      return { id, secret };
    };
    let deliveries = 0;
    /** The chain that a delivery makes. */
    const deliver = async ({ id, secret }: { id: string; secret: string }, value: unknown): Promise<string> => {
      const [delivery, at, body] = [
        `d-${(deliveries += 1)}`,
        Math.floor(Date.now() / 1_000),
        JSON.stringify({ value }),
      ];
      const headers = {
        ...{ 'content-type': 'application/json', 'webhook-id': delivery, 'webhook-timestamp': String(at) },
        'webhook-signature': sign(secret, delivery, at, body),
      };
      const { status } = await fetch(`${system.api.url}/api/v1/hooks/${id}`, { method: 'POST', headers, body });
      expect(status).toBe(202);
      return eventually('the delivery has a chain', async () => {
        const { items } = await b.api.expect<{ items: { chain_id: string | null }[] }>(200, `/schedules/${id}/ticks`);
        return items.length === deliveries - before ? (items[0]!.chain_id ?? undefined) : undefined;
      });
    };
    let before = 0;
    const nightly = await scheduleOf();
    const origin = `schedule:${nightly.id}`;
    const bounds: HoleBounds = { like: 'night #' };
    const signed = await cover(a, origin, bounds, { proposer: b.party, uses: 3 });
    await flows(await deliver(nightly, 'night 1'));
    await flows(await deliver(nightly, 'night 2'));
    const why = async (id: string, words: string) =>
      expect(await waiting(id, 1)).toEqual([expect.stringContaining(`standing approval whole: ${words}`)]);
    await why(await deliver(nightly, 'day 3'), '/value is outside its bounds');

    // Another version under the same label, which does something else with the data.
    await call(
      'PUT',
      `/templates/${template_id}`,
      { ...template, chain: chainOf({ columns: { [a.party]: ['id'] } }) },
      { 'if-match': '"2"' },
    );
    await label(2);
    await why(await deliver(nightly, 'night 3'), `/columns/${a.party}/0 is outside its bounds`);
    await label(1);

    // A row that somebody wrote; and the statement at another party.
    const db = new pg.Client(system.databaseUrl);
    await db.connect();
    await db.query(
      `UPDATE statements SET body = jsonb_set(body, '{tasks,0,holes,/value}', '{"like":"day #"}'), signed = $2 WHERE task = $1`,
      [origin, null],
    );
    await waiting(await deliver(nightly, 'day 4'), 1);
    await db.query(`UPDATE statements SET signed = $2 WHERE task = $1`, [origin, signed]);
    await why(await deliver(nightly, 'day 5'), '/value is outside its bounds');
    await db.end();
    const elsewhere = await b.api.call(`/parties/${b.party}/statements`, { method: 'PUT', body: { signed } });
    expect(elsewhere.body.code).toBe('BAD_REQUEST');

    // The last run that it covers, and one more; then signed anew, and withdrawn.
    await flows(await deliver(nightly, 'night 6'));
    await why(await deliver(nightly, 'night 7'), 'it covers 3 uses of only');
    await cover(a, origin, bounds, { proposer: b.party, serial: 2 });
    await flows(await deliver(nightly, 'night 8'));
    await cover(a, origin, bounds, { proposer: b.party, serial: 3, decision: 'withdraw' });
    await why(await deliver(nightly, 'night 9'), 'it was withdrawn');

    // Chains within those of a schedule are part of it.
    const { id: other, secret } = await scheduleOf({ chain: { ...chainOf(), tasks: [inner(a)] } });
    await cover(a, `schedule:${other}`, bounds, { proposer: b.party, serial: 4 });
    before = deliveries;
    const outer = await deliver({ id: other, secret }, 'night 1');
    await flows(outer);
    await flows(await childOf(outer));

    // Another schedule of the same template is another whole.
    await cover(a, origin, bounds, { proposer: b.party, serial: 5 });
    before = deliveries;
    const [waits] = await waiting(await deliver(await scheduleOf(), 'night 1'), 1);
    expect(waits).not.toContain('standing');
  });
}

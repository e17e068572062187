import { expect } from '@jest/globals';
import type { CoveredTask } from '#libs/consent';
import {
  ApiClient,
  chain,
  eventually,
  task,
  taskOf,
  type ChainAnswer,
  type Check,
  type SystemUnderTest,
} from '../integration/system/index.js';
import { allow, decide, fill, put, scene, work, type Side } from './two-owners.js';

const GIVEN = '${params.table}';
const marked = { type: 'string', 'x-artifact': true };

/** A task that runs a chain, which gets `table`. */
const runs = (id: string, after: string, table: string, inner: object, more: object = {}) => ({
  ...{ task_id: id, task_type: 'chain', depends_on: [after] },
  task_params: { task_config: { chain: inner, args: { table } } },
  ...more,
});
const outputOf = ({ party }: Side, from = 'only'): string => `\${tasks.${from}.result.output_paths.${party}}`;
/** A chain whose first task reads what it is given. */
const reading = (side: Side, property: object = marked, reader: Side = side) => ({
  params: { type: 'object', properties: { table: property, seen: { type: 'array', default: [] } } },
  outputs: { table: outputOf(reader), seen: '${tasks.step.result.result.seen}' },
  tasks: [fill(reader, GIVEN), task('step', { result: { seen: ['${params.seen}'] } }, { depends_on: ['only'] })],
});
const loop = (side: Side, id: string, after: string, table: string) =>
  runs(id, after, table, reading(side), {
    repeat: { until: `tasks.${id}.result.seen == [[[]]]`, max: 3, carry: { table: 'table', seen: 'seen' } },
  });

/** Artifacts that a chain hands down to one that it runs. */
export function handedChecks(check: Check, system: SystemUnderTest): void {
  const turnsOf = async (id: string): Promise<ChainAnswer[]> => {
    const { items } = await system.api.expect<{ items: { chain_id: string }[] }>(
      200,
      `/chains?parent_chain_id=${id}&sort=created_at`,
    );
    return Promise.all(items.map((each) => system.api.chain(each.chain_id)));
  };
  const startedBy = async (by: Side, tasks: readonly object[]): Promise<ChainAnswer> =>
    system.api.ended(await by.api.start(chain(tasks, { stop_on_error: false })));

  check('goes down to a chain and from turn to turn, and its owner sees from where', async () => {
    const { a, b } = await scene(system);
    await allow(a, { task_types: ['fillna'] });
    const last = runs('after', 'loop', '${tasks.loop.result.table}', reading(a));
    const done = await startedBy(b, [fill(a), loop(a, 'loop', 'only', outputOf(a)), last]);
    expect([done.status, done.tasks.map(({ error }) => error)]).toEqual(['SUCCESS', [null, null, null]]);
    const [first, second] = await turnsOf(done.chain_id);
    const from = async ({ chain_id: id }: ChainAnswer) => {
      const { items } = await a.api.expect<{ items: { task_id: string; task: { from: object; params: object } }[] }>(
        200,
        `/chains/${id}/approvals`,
      );
      const { task: seen } = items.find((each) => each.task_id === 'only')!;
      return [Object.keys(seen.from), JSON.stringify(seen.params).match(/artifact:[^/]+\/[^/]+/)?.[0]];
    };
    expect(await from(first!)).toEqual([[`${done.chain_id}/only`], `artifact:${done.chain_id}/only`]);
    expect(await from(second!)).toEqual([[`${first!.chain_id}/only`], `artifact:${first!.chain_id}/only`]);
    const after = await system.api.chain(taskOf(done, 'after').child_chain_id!);
    expect(await from(after)).toEqual([[`${second!.chain_id}/only`], `artifact:${second!.chain_id}/only`]);

    // A run that is tried again reads the same, and no more once the owner takes back what made the file.
    await system.api.expect(200, `/chains/${done.chain_id}/retry`, { method: 'POST', body: { from: ['after'] } });
    expect((await system.api.ended(done.chain_id)).status).toBe('SUCCESS');
    await decide(a, second!.chain_id, 'only', 'withdraw');
    await system.api.expect(200, `/chains/${done.chain_id}/retry`, { method: 'POST', body: { from: ['after'] } });
    const refused = taskOf(await system.api.ended(done.chain_id), 'after');
    expect(refused.error).toMatchObject({ code: 'CHILD_FAILED', details: { code: 'POLICY_REFUSED' } });
  });

  check('in turns that one approval covers goes on without waiting, as often as it says', async () => {
    const { a, b } = await scene(system);
    const tasks = [fill(a), loop(a, 'loop', 'only', outputOf(a))];
    const cover = async (id: string, serial: number, uses: number) => {
      const file = `artifact:any/only/${a.party}/table.csv`;
      const covered = [fill(a), fill(a, file)].map(({ task_id, task_type, task_params: params }, at) => ({
        ...{ task_id, task_type, params: params as never, holes: {}, uses },
        from: (at === 0 ? {} : { only: null }) as CoveredTask['from'],
      }));
      const whole = {
        kind: 'standing',
        name: 'whole',
        expires_at: '2999-01-01T00:00:00Z',
        decision: 'approve',
      } as const;
      const origin = `chain:${id}`;
      await put(a, await a.owner.sign({ ...whole, serial, origin, proposer: b.party, tasks: covered }));
    };
    const create = async () =>
      (await b.api.expect<{ chain_id: string }>(201, '/chains', { method: 'POST', body: chain(tasks) })).chain_id;
    const id = await create();
    await cover(id, 1, 2);
    await b.api.expect(202, `/chains/${id}/execute`, { method: 'POST' });
    expect((await system.api.ended(id)).status).toBe('SUCCESS');
    const ran = [await system.api.chain(id), ...(await turnsOf(id))].map((each) => taskOf(each, 'only').attempt);
    expect(ran).toEqual([1, 1, 1]);

    const longer = await create();
    await cover(longer, 2, 1);
    await b.api.expect(202, `/chains/${longer}/execute`, { method: 'POST' });
    const second = await eventually('the second turn', async () => (await turnsOf(longer))[1]?.chain_id);
    const waits = await system.api.until(second, 'waits', ({ tasks: now }) => now[0]!.hold === 'APPROVAL');
    expect(waits.tasks[0]!.error?.message).toContain('it covers 1 uses of only');
    await system.api.expect(200, `/chains/${longer}/cancel`, { method: 'POST' });
  });

  check('of a list goes to its instances, and waits where the policy does not allow what reads it', async () => {
    const { a, b } = await scene(system);
    await allow(a, { task_types: ['fillna'] });
    const items = task('list', { result: ['x', 'y'] });
    const each = {
      ...fill(a, outputOf(a)),
      ...{ task_id: 'each', depends_on: ['only', 'list'], for_each: '${tasks.list.result.result}' },
    };
    const done = await startedBy(b, [fill(a), items, each]);
    expect([done.status, taskOf(done, 'each').error]).toEqual(['SUCCESS', null]);
    const inner = {
      params: { type: 'object', properties: { table: marked } },
      tasks: [work('table_statistics', [a.party], { input_data: { [a.party]: GIVEN } })],
    };
    const id = await b.api.start(chain([fill(a), runs('ask', 'only', outputOf(a), inner)]));
    const child = await eventually(
      'it runs',
      async () => taskOf(await system.api.chain(id), 'ask').child_chain_id ?? undefined,
    );
    await system.api.until(child, 'waits for its owner', ({ tasks }) => tasks[0]!.hold === 'APPROVAL');
    await system.api.expect(200, `/chains/${id}/cancel`, { method: 'POST' });
  });

  check('is not forged: by another tenant, chain, task, party, loop, or an unmarked parameter', async () => {
    const { a, b } = await scene(system);
    for (const side of [a, b]) await allow(side, { task_types: ['fillna'] });
    const other = await startedBy(b, [fill(a), loop(a, 'loop', 'only', outputOf(a))]);
    expect(other.status).toBe('SUCCESS');
    const [turn] = await turnsOf(other.chain_id);
    const name = (taskOf(other, 'only').result as unknown as { output_paths: Record<string, string> }).output_paths[
      a.party
    ]!;
    const tenant = `t${a.party}`;
    await system.api.expect(201, '/tenants', { method: 'POST', body: { tenant_id: tenant, name: tenant } });
    const { key } = await system.api.expect<{ key: string }>(201, '/keys', {
      method: 'POST',
      headers: { 'x-tenant': tenant },
      body: { name: 'k', role: 'author' },
    });
    const says = (text: string) => task('says', { result: { text } });
    const told = '${tasks.says.result.result.text}';
    const handed = (text: string) => [says(text), runs('run', 'says', told, reading(a))];
    const files = {
      chain: name,
      turn: `artifact:${turn!.chain_id}/only/${name.split('/').slice(2).join('/')}`,
      up: `artifact:${other.chain_id}/only/../only/${name.split('/').slice(2).join('/')}`,
      path: '../table.csv',
      dataset: a.table,
      none: 'artifact:chain-none/only/x.csv',
    };
    for (const [what, text] of Object.entries(files)) {
      for (const api of what === 'chain' ? [b.api, new ApiClient(system.api.url, key)] : [b.api]) {
        const id = await api.start(chain(handed(text)));
        const look = async () => {
          const found = await api.expect<ChainAnswer>(200, `/chains/${id}`);
          return found.status === 'FAILURE' ? found : undefined;
        };
        const run = taskOf(await eventually(`${what} is refused`, look), 'run');
        expect([what, run.status, run.error?.code]).toEqual([what, 'FAILURE', 'ARTIFACT_OF_OTHER_CHAIN']);
        expect(run.child_chain_id).toBeNull();
      }
    }

    // Nor a file of the same chain, or a turn of another loop in it, from which it does not come.
    const guess = (after: string, text: string) => ({ ...says(text), depends_on: [after] });
    const beside = [fill(a), guess('only', outputOf(a)), runs('run', 'says', told, reading(a))];
    const turned = '${tasks.loop.result.table}';
    const looped = [fill(a), loop(a, 'loop', 'only', outputOf(a)), guess('loop', turned), loop(a, 'run', 'says', told)];
    for (const tasks of [beside, looped]) {
      const run = taskOf(await startedBy(b, tasks), 'run');
      expect([run.error?.code, run.child_chain_id]).toEqual(['ARTIFACT_OF_OTHER_CHAIN', null]);
    }
    // The bounds of a party hold below, too; and a parameter that is not marked hands down nothing.
    const ofOther = await startedBy(b, [fill(a), runs('run', 'only', outputOf(a), reading(a, marked, b))]);
    const unmarked = await startedBy(b, [fill(a), runs('run', 'only', outputOf(a), reading(a, { type: 'string' }))]);
    for (const ended of [ofOther, unmarked]) {
      const run = taskOf(ended, 'run');
      expect(run.error).toMatchObject({ code: 'CHILD_FAILED', details: { code: 'PATH_OUTSIDE_ROOT' } });
      const inside = await system.api.chain(run.child_chain_id!);
      const { items } = await system.api.expect<{ items: unknown[] }>(
        200,
        `/chains/${inside.chain_id}/tasks/only/artifacts`,
      );
      expect(items).toEqual([]);
    }

    const written = (args: object, property: object) => {
      const inner = { params: { type: 'object', properties: { table: property } }, tasks: [fill(a, GIVEN)] };
      const given = { ...task('run'), task_type: 'chain', task_params: { task_config: { chain: inner, args } } };
      return b.api.call('/chains', { method: 'POST', body: chain([given]) });
    };
    for (const answer of [await written({ table: name }, marked), await written({}, { ...marked, default: name })]) {
      expect([answer.status, answer.body.errors?.map(({ code }) => code)]).toEqual([
        400,
        expect.arrayContaining(['ARTIFACT_OF_OTHER_CHAIN']),
      ]);
    }
  });
}

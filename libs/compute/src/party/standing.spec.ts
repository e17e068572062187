import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ConsentJson, CoveredTask, StandingStatement, TaskStatement } from '#libs/consent';
import { TestOwner } from '#libs/testing';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import { TaskFailure, type SentStatement, type TaskParams } from '../contract/task-type.js';
import { Admission } from './admission.js';
import { taskHash } from './hashes.js';

const TABLE = `dataset:alice/customers@1`;
const ORIGIN = 'schedule:schedule-1';
const SF = { sf_init_config: { parties: ['alice'], address: 'local' } };

let folder: TestFolder;
let owner: TestOwner;
let customers: SentStatement;
beforeEach(async () => {
  folder = await testFolder();
  await folder.table('alice', 'c.csv', 'id,a\n1,\n2,4\n');
  owner = await TestOwner.claim(join(folder.path, 'data'), 'alice');
  customers = await owner.sign(await owner.dataset('customers', 'c.csv'));
});
afterEach(() => folder.remove());

const paramsOf = (input: string, value: unknown) => ({
  ...SF,
  task_config: { input_data: { alice: input }, columns: { alice: ['a'] }, method: 'constant', value },
});

interface Call extends Partial<Omit<TaskStatement, 'params'>> {
  readonly input?: string;
  readonly value?: unknown;
  /** What the job says in its place. */
  readonly sent?: object;
}
const taskOf = ({ input = TABLE, value = 0, sent: _, ...more }: Call): TaskStatement => ({
  ...{ chain_id: 'chain-1', task_id: 'fill', task_type: 'fillna', proposer: 'bob', origin: ORIGIN },
  params: paramsOf(input, value) as unknown as ConsentJson,
  from: {},
  ...more,
});
/** SUCCESS, or the code and the words of the failure. */
async function outcome(statements: readonly SentStatement[], call: Call = {}): Promise<string> {
  const task = taskOf(call);
  const params = (call.sent ?? task.params) as unknown as TaskParams;
  const { task_config: config } = params as unknown as { task_config: Record<string, unknown> };
  const run = folder.run(config, { chainId: task.chain_id, taskId: task.task_id, params: params as never });
  const consent = { task, params, byAdmin: false, statements: { alice: [customers, ...statements] } };
  return runTask('fillna', { ...run, consent }).then(
    () => 'SUCCESS',
    (error: unknown) => {
      if (!(error instanceof TaskFailure)) throw error;
      return `${error.code} ${error.message}`;
    },
  );
}
const covered = (more: Partial<CoveredTask> = {}): CoveredTask => ({
  ...{ task_id: 'fill', task_type: 'fillna', holes: { '/value': { min: 0, max: 9 } }, from: {}, uses: 2 },
  params: paramsOf(TABLE, 0) as unknown as ConsentJson,
  ...more,
});
const standing = (more: Partial<StandingStatement> = {}, ...tasks: readonly CoveredTask[]): Promise<string> =>
  owner.sign({
    ...{ kind: 'standing', name: 'nightly', expires_at: '2999-01-01T00:00:00Z', decision: 'approve' },
    ...{ origin: ORIGIN, proposer: 'bob', tasks: tasks.length > 0 ? tasks : [covered()] },
    ...more,
  } as never);
const WAITS = /^APPROVAL_REQUIRED .*standing approval nightly: /;

describe('a standing approval', () => {
  it('lets instances run within their bounds, as often as it says, and no other', async () => {
    const known = [await standing()];
    expect(await outcome(known, { value: 1, task_id: 'fill[0]' })).toBe('SUCCESS');
    expect(await outcome(known, { value: 10, task_id: 'fill[1]' })).toMatch(/nightly: \/value is outside its bounds/);
    // A refused one and a second attempt are no use.
    expect(await outcome(known, { value: 1, task_id: 'fill[0]' })).toBe('SUCCESS');
    expect(await outcome(known, { value: 9, chain_id: 'chain-2' })).toBe('SUCCESS');
    expect(await outcome(known, { value: 9, chain_id: 'chain-3' })).toMatch(/nightly: it covers 2 uses of fill/);
    // Nor does the first lose its place.
    expect(await outcome(known, { value: 9, chain_id: 'chain-2' })).toBe('SUCCESS');
    expect(await outcome([await standing({ serial: 2 })], { value: 9, chain_id: 'chain-3' })).toBe('SUCCESS');
  });

  it('is one whole, of one proposer and one purpose, in its time', async () => {
    const known = [await standing()];
    for (const other of [{ origin: 'schedule:schedule-2' }, { proposer: null }, { input: 'dataset:alice/salaries@1' }])
      expect(await outcome(known, other)).toMatch(/^(APPROVAL_REQUIRED|DATASET_UNKNOWN)/);
    expect(await outcome([await standing({ expires_at: '2020-01-01T00:00:00Z' })])).toMatch(/expired at 2020/);
    expect(await outcome(known)).toBe('SUCCESS');
    const withdrawn = await standing({ decision: 'withdraw', serial: 2 });
    expect(await outcome([...known, withdrawn], { value: 2 })).toMatch(/nightly: it was withdrawn/);
    // Whoever holds the withdrawal back sends what no longer counts.
    expect(await outcome(known, { value: 3 })).toMatch(/^APPROVAL_REQUIRED/);
  });

  it('counts only what its owner signed, for its own party', async () => {
    const mallory = await TestOwner.claim(join(folder.path, 'data'), 'mallory');
    const body = JSON.parse(Buffer.from((await standing()).split('.')[1]!, 'base64url').toString()) as object;
    for (const forged of [
      body as never,
      await mallory.signText(JSON.stringify(body)),
      await mallory.sign({ ...body, party: 'alice' } as never),
      await owner.sign({ ...body, party: 'bob' } as never),
      await owner.sign({ ...body, tasks: [{ ...covered(), holes: { '/value': {} } }] } as never),
    ])
      expect(await outcome([forged])).toMatch(/^APPROVAL_REQUIRED/);
  });

  it('covers no parameter and no file that a result brings in', async () => {
    const reference = '${tasks.other.result.x}';
    const written = covered({ params: paramsOf(TABLE, reference) as never, holes: {}, from: { other: null } });
    const from = { other: `sha256:${'0'.repeat(64)}` };
    const call = { value: reference, from, sent: paramsOf(TABLE, 5) };
    expect(await outcome([await standing({}, written)], call)).toMatch(/nightly: a file or a parameter comes from/);
  });

  it('comes after the refusals of a policy and of a decision on the one task', async () => {
    const policy = (effect: 'refuse' | 'ask') =>
      owner.sign({
        ...{ kind: 'policy', dataset: 'customers', expires_at: '2999-01-01T00:00:00Z' },
        rules: [{ effect, task_types: ['fillna'], words: 'never' }],
      });
    const known = await standing();
    expect(await outcome([known, await policy('refuse')])).toMatch(/^POLICY_REFUSED .*never/);
    const one = await owner.approve(taskOf({}), { decision: 'refuse', words: 'not this' });
    expect(await outcome([known, one])).toMatch(/^POLICY_REFUSED .*not this/);
    expect(await outcome([known], { value: 1 })).toMatch(/POLICY_REFUSED .*newest policy of customers did not come/);
    const asks = await owner.sign({
      ...{ kind: 'policy', dataset: 'customers', expires_at: '2999-01-01T00:00:00Z', serial: 2 },
      rules: [{ effect: 'ask', task_types: ['fillna'] }],
    });
    expect(await outcome([known, asks], { value: 1 })).toBe('SUCCESS');
  });

  it('uses up nothing where a policy or an approval of the one task is enough', async () => {
    const known = await standing({}, covered({ uses: 1 }));
    const one = taskOf({ value: 1 });
    expect(await outcome([known, await owner.approve(one)], { value: 1 })).toBe('SUCCESS');
    expect(await outcome([known], { value: 2 })).toBe('SUCCESS');
    expect(await outcome([known], { value: 3 })).toMatch(/it covers 1 uses/);
    // Nor does it help that an approval of just that task was used before.
    expect(await outcome([known], { value: 1 })).toMatch(/it covers 1 uses/);
  });

  it('lets the last use go to one of two tasks at once', async () => {
    const known = [await standing({}, covered({ uses: 3 }))];
    const ran = await Promise.all(
      Array.from({ length: 8 }, (_, i) => outcome(known, { value: i, task_id: `fill[${i}]` })),
    );
    expect(ran.filter((each) => each === 'SUCCESS').length).toBeLessThanOrEqual(3);
    expect(ran.filter((each) => each !== 'SUCCESS' && !each.startsWith('APPROVAL_REQUIRED'))).toEqual([]);
  });
});

describe('a task after another', () => {
  const artifact = 'artifact:chain-1/fill/alice/c.csv';
  const nextOf = (source: string | null): CoveredTask => {
    const params = paramsOf('${tasks.fill.result.output_paths.alice}', 7) as never;
    return covered({ task_id: 'next', params, holes: {}, from: { fill: source } });
  };
  const next = (first: Call, more: Call = {}): Call => ({
    ...{ task_id: 'next', input: '${tasks.fill.result.output_paths.alice}', value: 7 },
    ...{ from: { fill: taskHash(taskOf(first)) }, sent: paramsOf(artifact, 7) },
    ...more,
  });
  const nameOf = async (): Promise<string> => {
    const record = join(folder.path, 'artifacts', 'chain-1', 'fill', 'alice', '.lineage.json');
    const { lineage } = JSON.parse(await readFile(record, 'utf8')) as { lineage: { files: object } };
    return `artifact:chain-1/fill/alice/${Object.keys(lineage.files)[0]}`;
  };

  it('reads what the other made under the same approval, and nothing that was made otherwise', async () => {
    const known = [await standing({}, covered({ uses: 9 }), nextOf(null))];
    expect(await outcome(known, { value: 1 })).toBe('SUCCESS');
    const sent = paramsOf(await nameOf(), 7);
    expect(await outcome(known, next({ value: 1 }, { sent }))).toBe('SUCCESS');
    // The same, made by a task that was approved for itself: its value is outside.
    const other = taskOf({ value: 11 });
    expect(await outcome([...known, await owner.approve(other)], { value: 11 })).toBe('SUCCESS');
    expect(await outcome(known, next({ value: 11 }, { sent }))).toMatch(/nightly: artifact:.* was not made under it/);
    // An approval that was signed anew does not know what was made under the one before.
    expect(await outcome(known, { value: 2 })).toBe('SUCCESS');
    const renewed = [await standing({ serial: 2 }, covered({ uses: 9 }), nextOf(null))];
    expect(await outcome(renewed, next({ value: 2 }, { sent }))).toMatch(WAITS);
  });

  it('does not read what the other made of a value that a result brought, which the approval does not cover', async () => {
    const reference = '${tasks.other.result.x}';
    const written = covered({ params: paramsOf(TABLE, reference) as never, holes: {}, from: { other: null }, uses: 9 });
    const known = await standing({}, written, nextOf(null));
    const policy = (serial: number, effect: 'allow' | 'ask') =>
      owner.sign({
        ...{ kind: 'policy', dataset: 'customers', expires_at: '2999-01-01T00:00:00Z', serial },
        rules: [{ effect, task_types: ['fillna'] }],
      });
    const first = { value: reference, from: { other: `sha256:${'0'.repeat(64)}` }, sent: paramsOf(TABLE, 5) };
    expect(await outcome([known, await policy(1, 'allow')], first)).toBe('SUCCESS');
    const call = next(first, { sent: paramsOf(await nameOf(), 7) });
    expect(await outcome([known, await policy(2, 'ask')], call)).toMatch(/nightly: artifact:.* was not made under it/);
  });

  it('is judged again by a file of the same dataset that was made otherwise', async () => {
    const outside = taskOf({ value: 11 });
    expect(await outcome([await owner.approve(outside)], { value: 11 })).toBe('SUCCESS');
    const task = taskOf({ task_id: 'next', from: { fill: taskHash(outside) } });
    const known = await standing({}, covered({ task_id: 'next', from: { fill: null } }), covered());
    const params = task.params as unknown as TaskParams;
    const consent = { task, params, byAdmin: false, statements: { alice: [customers, known] } };
    const { root } = owner;
    const roots = {
      party: 'alice',
      root,
      artifactRoot: join(folder.path, 'artifacts'),
      chainId: 'chain-1',
      taskId: 'next',
    };
    const admission = await Admission.start({ roots, peers: [], consent, own: {}, atSites: false });
    await (await admission.open(TABLE)).close();
    await expect(admission.open(await nameOf())).rejects.toMatchObject({ code: 'APPROVAL_REQUIRED' });
  });

  it('reads what a task made that was signed by its hash', async () => {
    const first = taskOf({ value: 11 });
    expect(await outcome([await owner.approve(first)], { value: 11 })).toBe('SUCCESS');
    const sent = paramsOf(await nameOf(), 7);
    const known = [await standing({}, nextOf(taskHash(first)))];
    expect(await outcome(known, next({ value: 11 }, { sent }))).toBe('SUCCESS');
    const second = taskOf({ value: 12 });
    expect(await outcome([await owner.approve(second)], { value: 12 })).toBe('SUCCESS');
    expect(await outcome(known, next({ value: 12 }, { sent }))).toMatch(/nightly: its inputs come from other tasks/);
  });

  it('does not believe a mark that somebody wrote', async () => {
    const known = [await standing({}, covered({ uses: 9 }), nextOf(null))];
    expect(await outcome([await owner.approve(taskOf({ value: 11 }))], { value: 11 })).toBe('SUCCESS');
    const record = join(folder.path, 'artifacts', 'chain-1', 'fill', 'alice', '.lineage.json');
    const file = JSON.parse(await readFile(record, 'utf8')) as { lineage: object };
    const lineage = { ...file.lineage, standing: ['standing:alice/nightly 1 0'] };
    await writeFile(record, JSON.stringify({ ...file, lineage }));
    const sent = paramsOf(await nameOf(), 7);
    expect(await outcome(known, next({ value: 11 }, { sent }))).not.toBe('SUCCESS');
  });
});

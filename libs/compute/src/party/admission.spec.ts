import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { canonicalJson, type ConsentJson, type PolicyRule, type TaskStatement } from '#libs/consent';
import { TestOwner } from '#libs/testing';
import { withMarkers } from '../catalogue/own-values.js';
import { runTask } from '../catalogue/run-task.js';
import { testFolder, type TestFolder } from '../contract/run-for-tests.js';
import {
  TaskFailure,
  type SentStatement,
  type TaskConsent,
  type TaskParams,
  type TaskRun,
  type TaskRunResult,
} from '../contract/task-type.js';
import { Admission } from './admission.js';
import { sha256, taskHash } from './hashes.js';
import { readOwner } from './owner.js';
import { sealResult } from './party-results.js';

const TABLE = 'id,a\n1,\n2,4\n';
const PARTIES = { sf_init_config: { parties: ['alice'], address: 'local' } };

let folder: TestFolder;
let owner: TestOwner;
let customers: SentStatement;
beforeEach(async () => {
  folder = await testFolder();
  await folder.table('alice', 'c.csv', TABLE);
  owner = await TestOwner.claim(join(folder.path, 'data'), 'alice');
  customers = await owner.sign(await owner.dataset('customers', 'c.csv'));
});
afterEach(() => folder.remove());

const policy = (rule: Partial<PolicyRule> = {}, more: object = {}): Promise<string> =>
  owner.sign({
    kind: 'policy',
    dataset: 'customers',
    expires_at: '2999-01-01T00:00:00Z',
    rules: [{ effect: 'allow', task_types: ['fillna'], ...rule }],
    ...more,
  });

interface Call {
  readonly input?: string;
  readonly value?: number;
  readonly task?: string;
  readonly attempt?: number;
  readonly statement?: Partial<TaskStatement>;
}
const runOf = ({ input = 'dataset:alice/customers@1', value = 0, task = 'fill', attempt = 1 }: Call) => {
  const config = { input_data: { alice: input }, columns: { alice: ['a'] }, method: 'constant', value };
  return folder.run(config, {
    taskId: task,
    attempt,
    params: { ...PARTIES, task_config: config } as never,
  });
};
async function fill(statements: readonly SentStatement[], call: Call = {}): Promise<TaskRunResult> {
  const run = runOf(call);
  return runTask('fillna', { ...run, consent: consentFor('fillna', run, { alice: statements }, call.statement) });
}
const KEY = 'age1qtfw50puce2vh2gthyz6scnteddde83pvunkz9qkpu68f0h0r59q2t5qha';
async function encrypted(
  statements: readonly SentStatement[],
  taskId = 't1',
  inputs: readonly string[] = ['dataset:alice/customers@1'],
): Promise<TaskRunResult> {
  const config = { input_data: { alice: inputs }, recipients: [KEY] };
  const run = folder.run(config, { taskId, params: { ...PARTIES, task_config: config } as never });
  return runTask('encrypt', { ...run, consent: consentFor('encrypt', run, { alice: statements }) });
}
async function refusalOf(statements: readonly SentStatement[], call: Call = {}): Promise<string> {
  const error: unknown = await fill(statements, call).catch((reason: unknown) => reason);
  if (!(error instanceof TaskFailure)) throw new Error('the task was not refused', { cause: error });
  expect(await folder.temporaries()).toEqual([]);
  return `${error.code} ${error.message}`;
}
const hashOf = (call: Call = {}): string => taskHash(consentFor('fillna', runOf(call), {}, call.statement).task);
const ledger = async (): Promise<{ kind: string }[]> =>
  (await readFile(join(owner.root, '.party', 'ledger.jsonl'), 'utf8'))
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { kind: string }]));

describe('a claimed party opens no file', () => {
  it('at a worker if its policy wants sites only, whatever allows it, and after the end of that policy', async () => {
    const only = await policy({}, { sites: 'only' });
    const refusal = /^POLICY_REFUSED .*customers is read at the site of alice alone \(sites: only\)/;
    expect(await refusalOf([customers, only])).toMatch(refusal);
    const { task } = consentFor('fillna', runOf({}), {});
    expect(await refusalOf([customers, only, await owner.approve(task)])).toMatch(refusal);
    const over = await policy({}, { sites: 'only', serial: 2, expires_at: '2026-01-01T00:00:00Z' });
    expect(await refusalOf([customers, over, await owner.approve(task)])).toMatch(refusal);
    // A chain of the owner cannot name the file by its path instead.
    const named = { input: 'c.csv', statement: { proposer: 'alice' } };
    const asked = consentFor('fillna', runOf(named), {}, named.statement).task;
    expect(await refusalOf([over, await owner.approve(asked)], named)).toMatch(refusal);
    // That a task says so proves nothing: the process knows where it is.
    const init = { parties: ['alice'], address: 'node' };
    const plain = runOf({});
    const run = { ...plain, params: { ...plain.params, sf_init_config: init } };
    const consent = consentFor('fillna', run, { alice: [customers, over] });
    await expect(runTask('fillna', { ...run, consent })).rejects.toThrow('is read at the site of alice alone');
    await fill([customers, await policy({}, { serial: 3 })]);
  });

  it('without a policy or an approval', async () => {
    expect(await refusalOf([customers])).toMatch(/^APPROVAL_REQUIRED .*customers: the dataset has no policy/);
    const error: unknown = await runTask('fillna', runOf({})).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'APPROVAL_REQUIRED' });
    expect(await refusalOf([customers, await policy({ task_types: ['psi'] })])).toMatch(/has no rule for fillna/);
  });

  it('on statements that its owner did not sign', async () => {
    const mallory = await TestOwner.claim(join(folder.path, 'data'), 'mallory');
    const rules = [{ effect: 'allow', task_types: ['fillna'] }] as const;
    const wish = { kind: 'policy', dataset: 'customers', expires_at: '2999-01-01T00:00:00Z', rules } as const;
    const forged = canonicalJson({ ...mallory.complete(wish), party: 'alice' });
    const [header, , signature] = (await policy({ task_types: ['psi'] })).split('.');
    const none = Buffer.from('{"alg":"none","kid":"k1"}').toString('base64url');
    const payload = Buffer.from(forged).toString('base64url');
    const attempts: SentStatement[] = [
      await mallory.signText(forged),
      await mallory.sign(wish),
      [header, payload, signature].join('.'),
      `${none}.${payload}.`,
      owner.complete(wish),
      // One owner of two parties: what is signed for one says nothing of the other.
      await owner.signText(canonicalJson({ ...owner.complete(wish), party: 'bob' })),
      JSON.stringify(owner.complete(wish)),
      await owner.signText(JSON.stringify(owner.complete(wish), null, 1)),
      await owner.signText(canonicalJson({ ...owner.complete(wish), rules: [{ effect: 'allow' }] })),
      '',
      'a.b.c',
    ];
    for (const attempt of attempts) {
      expect(await refusalOf([customers, attempt])).toMatch(/^APPROVAL_REQUIRED .*has no policy/);
    }
    expect(await refusalOf([owner.complete(await owner.dataset('customers', 'c.csv')), await policy()])).toMatch(
      /^DATASET_UNKNOWN/,
    );
  });

  it('on a statement that a newer one has replaced, once it has seen that', async () => {
    const [old, newer] = [await policy(), await policy({ task_types: ['psi'] }, { serial: 2 })];
    expect(await refusalOf([customers, newer, old])).toMatch(/has no rule for fillna/);
    expect(await refusalOf([customers, old])).toMatch(/has no policy/);
    expect(
      await refusalOf([customers, old, await owner.approve(consentFor('fillna', runOf({ task: 'x' }), {}).task)]),
    ).toMatch(/has no policy/);
  });

  it('by an approval alone, where a policy that it has seen is held back with what it refuses and its budget', async () => {
    const approval = await owner.approve(consentFor('fillna', runOf({}), {}).task);
    await fill([customers, await policy({ task_types: ['psi'] }), approval]);
    expect(await refusalOf([customers, approval])).toMatch(/^POLICY_REFUSED .*newest policy of customers did not come/);
    await fill([customers, await policy({ task_types: ['psi'] }), approval]);
  });

  it('that is not what its dataset says', async () => {
    for (const input of ['dataset:alice/customers@2', 'dataset:bob/customers@1', 'dataset:customers']) {
      expect(await refusalOf([customers, await policy()], { input })).toMatch(/^DATASET_UNKNOWN/);
    }
    await writeFile(join(owner.root, 'c.csv'), 'id,a\n1,\n2,5\n');
    expect(await refusalOf([customers, await policy()])).toMatch(/^DATASET_CHANGED/);
    const removed = await owner.sign({
      ...(await owner.dataset('customers', 'c.csv')),
      serial: 2,
      removed: true,
    } as never);
    expect(await refusalOf([customers, removed, await policy()])).toMatch(/^DATASET_UNKNOWN .*it was removed/);
  });

  it('that is named by its path, but for its own chains and with approval', async () => {
    const call = { input: 'c.csv' };
    expect(await refusalOf([customers, await policy()], call)).toMatch(/^POLICY_REFUSED .*name a dataset/);
    const own = { ...call, statement: { proposer: 'alice' } };
    expect(await refusalOf([customers, await policy()], own)).toMatch(/^APPROVAL_REQUIRED .*no dataset/);
    const approved = await owner.approve(consentFor('fillna', runOf(own), {}, own.statement).task);
    expect((await fill([approved], own)).artifacts).toHaveLength(2);
  });

  it('with an owner file that cannot be used', async () => {
    for (const [name, text] of [
      ['owner.json', '{'],
      ['owner.json', '{"version":1,"party":"alice","approvals":"no","keys":[]}'],
      ['hash.key', 'short'],
    ] as const) {
      const path = join(owner.root, '.party', name);
      const before = await readFile(path, 'utf8');
      await writeFile(path, text);
      expect(await refusalOf([customers, await policy()])).toMatch(/^POLICY_INVALID/);
      await writeFile(path, before);
    }
    expect(await refusalOf([customers, await policy()], { input: '.party/owner.json' })).toMatch(/^PATH_RESERVED/);
    expect((await fill([customers, await policy()])).artifacts).toHaveLength(2);
  });
});

describe('a folder that nobody has claimed', () => {
  it('is read by chains of admins alone', async () => {
    await folder.table('bob', 'c.csv', TABLE);
    const config = { input_data: { bob: 'c.csv' }, columns: { bob: ['a'] }, method: 'constant', value: 0 };
    const run = folder.run(config, {
      params: { sf_init_config: { parties: ['bob'], address: 'local' }, task_config: config } as never,
    });
    const consent = consentFor('fillna', run, {});
    for (const proposer of [null, 'bob']) {
      const task = { ...consent.task, proposer };
      const error: unknown = await runTask('fillna', { ...run, consent: { ...consent, task } }).catch(
        (e: unknown) => e,
      );
      expect(error).toMatchObject({ code: 'PARTY_UNCLAIMED', details: { party: 'bob' } });
    }
    expect((await runTask('fillna', { ...run, consent: { ...consent, byAdmin: true } })).artifacts).toHaveLength(2);
  });
});

describe('a policy', () => {
  it('lets a task run, and its output carries the dataset on', async () => {
    const first = await fill([customers, await policy()]);
    const { name, sha256 } = first.artifacts[0]!;
    const artifact = `artifact:chain-1/fill/${name}`;
    expect(await folder.text('alice', artifact)).toBe('id,a\n1,0\n2,4\n');
    const { createHash } = await import('node:crypto');
    expect(
      createHash('sha256')
        .update(await folder.text('alice', artifact))
        .digest('hex'),
    ).not.toBe(sha256);

    // Nor does the same file twice show that it is the same.
    const again = await fill([customers, await policy()], { attempt: 2 });
    expect(again.artifacts[0]).toMatchObject({ name, sha256: expect.not.stringContaining(sha256) });

    const next = { input: artifact, task: 'next', statement: { from: { fill: hashOf() } } };
    expect((await fill([customers, await policy()], next)).artifacts).toHaveLength(2);
    expect(await refusalOf([customers, await policy({}, { dataset: 'other' })], { ...next, task: 'n2' })).toMatch(
      /^APPROVAL_REQUIRED .*customers: the dataset has no policy/,
    );
    // An artifact of a task that the owner does not know of is a file like any other.
    expect(await refusalOf([await policy()], { ...next, statement: {} })).toMatch(/^POLICY_REFUSED .*name a dataset/);

    const record = join(folder.path, 'artifacts', 'chain-1', 'fill', 'alice', '.lineage.json');
    const text = await readFile(record, 'utf8');
    await writeFile(record, text.replace('customers', 'harmless'));
    const harmless = await policy({}, { dataset: 'harmless' });
    expect(await refusalOf([harmless], { ...next, task: 'n3' })).toMatch(/^POLICY_REFUSED/);
    await writeFile(record, text);
    await writeFile(join(record, '..', name.split('/')[1]!), 'id,a\n1,\n');
    expect(await refusalOf([await policy()], { ...next, task: 'n4' })).toMatch(/^POLICY_REFUSED/);
  });

  it('counts tasks, not attempts, over all versions', async () => {
    await folder.table('alice', 'c2.csv', `${TABLE}3,5\n`);
    const statements = [
      customers,
      await owner.sign(await owner.dataset('customers', 'c2.csv', 2)),
      await policy({ uses: { max: 2, days: 30 } }),
    ];
    const newer = 'dataset:alice/customers@2';
    await fill(statements);
    await fill(statements, { attempt: 2 });
    await fill(statements, { task: 'two', input: newer });
    for (const attempt of [1, 2]) {
      expect(await refusalOf(statements, { task: 'three', input: newer, attempt })).toMatch(
        /^APPROVAL_REQUIRED .*it was used 2 times within 30 days/,
      );
    }
    await fill(statements, { attempt: 3 });
    const kinds = (await ledger()).map(({ kind }) => kind).filter((kind) => kind !== 'serial');
    const refused = ['use', 'void'];
    expect(kinds).toEqual(['use', 'use', 'use', ...refused, ...refused, 'use']);
    // Of two tasks the one that came first goes on when fewer are allowed.
    const fewer = [...statements.slice(0, 2), await policy({ uses: { max: 1, days: 30 } }, { serial: 2 })];
    await fill(fewer, { attempt: 4 });
    expect(await refusalOf(fewer, { task: 'two', input: newer, attempt: 2 })).toMatch(/it was used 1 times/);
  });

  it('counts a task that read one dataset before another was refused, and not as a use of the other', async () => {
    await folder.table('alice', 'o.csv', TABLE);
    const once = (dataset: string, effect: PolicyRule['effect'], serial = 1): Promise<string> => {
      const rules = [{ effect, task_types: ['encrypt'], uses: { max: 1, days: 30 } }];
      return policy({}, { dataset, rules, serial });
    };
    const statements = [
      customers,
      await owner.sign(await owner.dataset('others', 'o.csv')),
      await owner.sign({ kind: 'party', recipients: [KEY] }),
      await once('customers', 'allow'),
    ];
    const [one, other] = ['dataset:alice/customers@1', 'dataset:alice/others@1'] as const;
    await expect(encrypted([...statements, await once('others', 'refuse')], 'both', [one, other])).rejects.toThrow(
      /the owner refuses/,
    );
    const allowed = [...statements, await once('others', 'allow', 2)];
    await expect(encrypted(allowed, 'again', [one])).rejects.toThrow(/it was used 1 times/);
    expect((await encrypted(allowed, 'other', [other])).artifacts).toHaveLength(1);
  });

  it('counts files that are opened at once as one use', async () => {
    const run = runOf({});
    const { task, ...consent } = consentFor('fillna', run, { alice: [customers, await policy()] });
    const { chainId, taskId, artifactRoot } = run;
    const roots = { party: 'alice', root: owner.root, artifactRoot, chainId, taskId };
    const admission = await Admission.start({
      roots,
      peers: [],
      consent: { task, ...consent },
      own: {},
      atSites: false,
    });
    const label = 'dataset:alice/customers@1';
    for (const file of await Promise.all([admission.open(label), admission.open(label)])) await file.close();
    expect((await ledger()).filter(({ kind }) => kind === 'use')).toHaveLength(1);
  });

  it('survives a line of its ledger that was cut off', async () => {
    const path = join(owner.root, '.party', 'ledger.jsonl');
    const statements = [customers, await policy({ uses: { max: 1, days: 30 } })];
    await fill(statements);
    await writeFile(path, (await readFile(path, 'utf8')) + '{"kind":"use","at":"20');
    expect(await refusalOf(statements, { task: 'two' })).toMatch(/it was used 1 times/);
  });

  it('allows the purposes of every version that goes in, as the chain states one', async () => {
    const forScoring = await owner.sign({
      ...(await owner.dataset('customers', 'c.csv')),
      purposes: ['scoring'],
    } as never);
    const all = [forScoring, await policy()];
    expect(await refusalOf(all)).toMatch(/^APPROVAL_REQUIRED .*states no purpose .*allowed are scoring/);
    expect(await refusalOf(all, { statement: { purpose: 'ads' } })).toMatch(/the purpose "ads" is not allowed/);
    expect((await fill(all, { statement: { purpose: 'scoring' } })).result).toMatchObject({ rows: { alice: 0 } });
    // An approval is for the purpose that the owner saw.
    const seen = await owner.approve(consentFor('fillna', runOf({}), {}, { purpose: 'ads' }).task);
    expect((await fill([...all, seen], { statement: { purpose: 'ads' } })).result).toMatchObject({
      rows: { alice: 0 },
    });
    expect(await refusalOf([...all, seen], { statement: { purpose: 'fraud' } })).toMatch(/^APPROVAL_REQUIRED/);
  });

  it('bounds the rows of every version that goes in', async () => {
    const long = await owner.sign({ ...(await owner.dataset('customers', 'c.csv')), rows: 1_000 } as never);
    const known = [
      long,
      await owner.sign({ ...(await owner.dataset('customers', 'c.csv', 2)), rows: 3 } as never),
      await policy({ min_rows: 1_000 }),
    ];
    const made = await fill(known);
    const few = /^APPROVAL_REQUIRED .*customers: it has fewer rows than the 1000 that the rule needs/;
    expect(await refusalOf(known, { input: 'dataset:alice/customers@2', task: 'two' })).toMatch(few);
    const shorter = await owner.sign({ ...(await owner.dataset('customers', 'c.csv')), rows: 3, serial: 2 } as never);
    const derived = {
      input: `artifact:chain-1/fill/${made.artifacts[0]!.name}`,
      task: 'three',
      statement: { from: { fill: hashOf() } },
    };
    expect((await fill(known, derived)).artifacts).toHaveLength(2);
    expect(await refusalOf([shorter, known[2]!], { ...derived, task: 'four' })).toMatch(few);
  });

  it('goes on with a file that was handed to another chain, if the task names the one that made it', async () => {
    const made = await fill([customers, await policy()]);
    const input = `artifact:chain-1/fill/${made.artifacts[0]!.name}`;
    const next = async (from: TaskStatement['from'], rules: Partial<PolicyRule> = {}, handed = [input]) => {
      const run = { ...runOf({ input, task: 'fill' }), chainId: 'chain-2', handed };
      const statements = { alice: [customers, await policy(rules)] };
      const consent = consentFor('fillna', run, statements, { from });
      return runTask('fillna', { ...run, consent }).then(
        ({ artifacts }) => artifacts.length,
        ({ code }: TaskFailure) => code,
      );
    };
    const maker = { 'chain-1/fill': hashOf() };
    expect(await next(maker)).toBe(2);
    expect(await next(maker, { task_types: ['psi'] })).toBe('APPROVAL_REQUIRED');
    // Under the id of a task of its own chain, or of none, it comes from somewhere that nobody saw.
    expect(await next({ fill: sha256('another task') })).toBe('POLICY_REFUSED');
    expect(await next({})).toBe('POLICY_REFUSED');
    expect(await next(maker, {}, [])).toBe('PATH_OUTSIDE_ROOT');
  });

  it('bounds columns and parameters as they are once resolved', async () => {
    const narrow = [customers, await policy({ columns: { columns: ['id'] } })];
    expect(await refusalOf(narrow)).toMatch(/column "a" is not allowed in columns/);
    const bounded = [customers, await policy({ params: { '/value': { max: 5 } } })];
    expect((await fill(bounded, { value: 5 })).artifacts).toHaveLength(2);
    expect(await refusalOf(bounded, { value: 6 })).toMatch(/\/value is missing or outside its bounds/);
  });
});

describe('an approval', () => {
  it('is for one task, whatever is changed in it', async () => {
    const approved = [customers, await owner.approve(consentFor('fillna', runOf({}), {}).task)];
    expect((await fill(approved)).artifacts).toHaveLength(2);
    for (const call of [{ value: 1 }, { task: 'other' }, { statement: { proposer: 'bob' } }]) {
      expect(await refusalOf(approved, call)).toMatch(/^APPROVAL_REQUIRED/);
    }
    const run = runOf({ value: 9 });
    const consent = { ...consentFor('fillna', runOf({}), { alice: approved }), params: run.params };
    await expect(runTask('fillna', { ...run, consent })).rejects.toMatchObject({ code: 'POLICY_REFUSED' });
  });

  it('covers no file and no parameter that a result brings in', async () => {
    await folder.table('alice', 'salaries.csv', TABLE);
    const salaries = await owner.sign(await owner.dataset('salaries', 'salaries.csv'));
    const from = { other: `sha256:${'0'.repeat(64)}` };
    // The owner approves a task with a reference; whoever gives that task its result chooses what comes of it.
    const attempt = async (written: Call, resolved: Call, statements: readonly SentStatement[]): Promise<unknown> => {
      const { params } = runOf(written) as { params: unknown };
      const run = runOf(resolved);
      const seen = consentFor('fillna', { ...run, params }, {}, { from, ...written.statement });
      const consent = {
        ...seen,
        params: run.params,
        statements: { alice: [...statements, await owner.approve(seen.task)] },
      };
      return runTask('fillna', { ...run, consent }).then(
        () => 'SUCCESS',
        (error: TaskFailure) => error.code,
      );
    };
    const reference = '${tasks.other.result.x}';
    const table = { input: 'dataset:alice/salaries@1' };
    expect(await attempt({ input: reference }, table, [salaries])).toBe('APPROVAL_REQUIRED');
    // Nor an artifact that no record of the party tells the origin of, in a chain of the party itself.
    const artifact = join(folder.path, 'artifacts', 'chain-1', 'other', 'alice', 't.csv');
    await mkdir(dirname(artifact), { recursive: true });
    await writeFile(artifact, TABLE);
    const own = { input: reference, statement: { proposer: 'alice' } };
    expect(await attempt(own, { input: 'artifact:chain-1/other/alice/t.csv' }, [])).toBe('APPROVAL_REQUIRED');
    const value = { value: reference as never };
    expect(await attempt(value, { value: 9 }, [customers])).toBe('APPROVAL_REQUIRED');
    expect(await attempt({}, {}, [customers])).toBe('SUCCESS');
    // A policy covers both by its bounds, and each value is another use.
    const bounded = [customers, await policy({ params: { '/value': { max: 9 } }, uses: { max: 1, days: 30 } })];
    expect(await attempt({ ...value, task: 'two' }, { value: 9, task: 'two' }, bounded)).toBe('APPROVAL_REQUIRED');
  });

  it('covers no value of the party itself, which nobody saw', async () => {
    const TASK = { chainId: 'chain-1', taskId: 'other', party: 'alice' };
    const result = await sealResult(await readOwner('alice', owner.root), TASK, { column: 'a' });
    const columns = { alice: ['${tasks.other.party_results.alice.column}'] };
    const config = { input_data: { alice: 'dataset:alice/customers@1' }, columns, method: 'constant', value: 0 };
    const written = { ...PARTIES, task_config: config } as TaskParams;
    const place = ['task_config', 'columns', 'alice', 0];
    const marked = withMarkers(written, [{ ...TASK, path: ['column'], place, result }]);
    const run = folder.run({}, { taskId: 'fill', ...marked } as never);
    const from = { other: `sha256:${'0'.repeat(64)}` };
    const seen = consentFor('fillna', { ...run, params: written }, {}, { from });
    const under = async (statement: SentStatement): Promise<TaskRunResult> =>
      runTask('fillna', { ...run, consent: { ...seen, statements: { alice: [customers, statement] } } });
    await expect(under(await owner.approve(seen.task))).rejects.toMatchObject({ code: 'APPROVAL_REQUIRED' });
    expect((await under(await policy())).artifacts).toHaveLength(2);
  });

  it('that was withdrawn counts no more, and the owner is quoted', async () => {
    const { task } = consentFor('fillna', runOf({}), {});
    const approved = await owner.approve(task);
    const withdrawn = await owner.approve(task, { decision: 'withdraw', serial: 2, words: '合同已终止' });
    expect(await refusalOf([customers, await policy(), approved, withdrawn])).toMatch(/^POLICY_REFUSED .*合同已终止/);
    expect(await refusalOf([customers, approved])).toMatch(/^APPROVAL_REQUIRED/);
  });
});

describe('an artifact of a task that the owner has taken back', () => {
  it('is read by no later task, its own chains included', async () => {
    const first = runOf({});
    const made = await fill([customers, await policy()]);
    const shared = join(folder.path, 'artifacts', 'chain-1', 'fill', 'shared.csv');
    await writeFile(shared, TABLE);
    const { task } = consentFor('fillna', first, {});
    for (const [name, proposer] of [
      [made.artifacts[0]!.name, null],
      [made.artifacts[0]!.name, 'alice'],
      ['shared.csv', null],
    ] as const) {
      const call = (taskId: string): Call => ({
        ...{ input: `artifact:chain-1/fill/${name}`, task: taskId },
        statement: { proposer, from: { fill: hashOf() } },
      });
      const id = `${name.length}-${proposer}`;
      expect((await fill([customers, await policy()], call(`a-${id}`))).artifacts).toHaveLength(2);
      for (const decision of ['withdraw', 'refuse']) {
        const taken = await owner.approve(task, { decision, serial: 2, words: '合同已终止' });
        const refusal = await refusalOf([await policy(), taken], call(`b-${id}-${decision}`));
        expect(refusal).toMatch(/^POLICY_REFUSED .*no longer allows the task that made artifact:.*合同已终止/);
      }
    }
    // Whatever the job calls the task: the record beside the file says which one made it.
    const taken = await owner.approve(task, { decision: 'withdraw', serial: 2 });
    const renamed = { input: `artifact:chain-1/fill/${made.artifacts[0]!.name}`, task: 'renamed' };
    const refusal = await refusalOf([await policy(), taken], { ...renamed, statement: { from: { other: hashOf() } } });
    expect(refusal).toMatch(/^POLICY_REFUSED .*no longer allows the task that made/);
    // A task that hides where a shared artifact comes from hides the withdrawal, too.
    const hidden = { input: 'artifact:chain-1/fill/shared.csv', task: 'hidden' };
    expect(await refusalOf([customers, await policy()], hidden)).toMatch(/^POLICY_REFUSED .*name a dataset/);
  });
});

describe('an artifact of a dataset that the owner has removed', () => {
  it('is read by no task, its own chains included, until the owner restores the dataset', async () => {
    const made = await fill([customers, await policy()]);
    const call = (task: string, source: Call = {}, proposer: string | null = null): Call => ({
      ...{ input: `artifact:chain-1/${source.task ?? 'fill'}/${made.artifacts[0]!.name}`, task },
      statement: { proposer, from: { [source.task ?? 'fill']: hashOf(source) } },
    });
    await fill([customers, await policy()], call('two'));
    const dataset = await owner.dataset('customers', 'c.csv');
    const removed = await owner.sign({ ...dataset, serial: 2, removed: true } as never);
    const others = [await policy(), await owner.sign(await owner.dataset('customers', 'c.csv', 2))];
    const gone = /^DATASET_UNKNOWN .*was made of dataset:alice\/customers@1, which .*; it was removed/;
    expect(await refusalOf([...others, removed], call('three'))).toMatch(gone);
    expect(await refusalOf([...others, removed], call('four', {}, 'alice'))).toMatch(gone);
    expect(await refusalOf([...others, removed], call('five', call('two')))).toMatch(gone);
    // Who holds the removal back opens nothing.
    for (const statements of [others, [...others, customers]]) {
      expect(await refusalOf(statements, call('six'))).toMatch(/^DATASET_UNKNOWN/);
    }
    const restored = await owner.sign({ ...dataset, serial: 3 } as never);
    expect((await fill([await policy(), restored], call('seven'))).artifacts).toHaveLength(2);
  });

  it('keeps its old meaning where its lineage knows no version', async () => {
    const { createHash } = await import('node:crypto');
    const made = await fill([customers, await policy()]);
    const record = join(folder.path, 'artifacts', 'chain-1', 'fill', 'alice', '.lineage.json');
    const { lineage } = JSON.parse(await readFile(record, 'utf8')) as { lineage: Record<string, ConsentJson> };
    expect(lineage).toMatchObject({ datasets: ['customers'], versions: ['customers@1'] });
    const { versions: _, ...older } = lineage;
    const mac = owner.digest(createHash('sha256').update(canonicalJson(older)).digest('hex'));
    await writeFile(record, JSON.stringify({ lineage: older, mac }));
    const removed = await owner.sign({
      ...(await owner.dataset('customers', 'c.csv')),
      serial: 2,
      removed: true,
    } as never);
    const next = {
      input: `artifact:chain-1/fill/${made.artifacts[0]!.name}`,
      task: 'next',
      statement: { from: { fill: hashOf() } },
    };
    expect((await fill([removed, await policy()], next)).artifacts).toHaveLength(2);
    expect(await refusalOf([removed], { ...next, task: 'n2' })).toMatch(/customers: the dataset has no policy/);
  });
});

describe('recipients of encrypted files', () => {
  const seal = async (statements: readonly SentStatement[]): Promise<TaskRunResult> =>
    encrypted([customers, await policy({ task_types: ['encrypt'] }), ...statements]);

  it('are those of the newest statement that the owner signed', async () => {
    const listed = await owner.sign({ kind: 'party', recipients: [KEY] });
    const refused = { code: 'RECIPIENT_NOT_ALLOWED' };
    await writeFile(join(owner.root, '.policy.json'), `{"version":1,"encrypt":{"recipients":["${KEY}"]}}`);
    await expect(seal([])).rejects.toMatchObject(refused);
    await expect(seal([owner.complete({ kind: 'party', recipients: [KEY] })])).rejects.toMatchObject(refused);
    // The file of a folder that nobody has claimed has no say.
    await rm(join(owner.root, '.policy.json'));
    expect((await seal([listed])).artifacts.map(({ name }) => name)).toEqual(['alice-c.csv.age']);
    await expect(seal([listed, await owner.sign({ kind: 'party', recipients: [], serial: 2 })])).rejects.toMatchObject(
      refused,
    );
  });
});

describe('an owner who trusts the operator', () => {
  beforeEach(async () => {
    owner = await TestOwner.claim(join(folder.path, 'data'), 'alice', 'server');
  });

  it('has statements without signatures, and own chains are free', async () => {
    const dataset = owner.complete(await owner.dataset('customers', 'c.csv'));
    expect(await refusalOf([dataset])).toMatch(/has no policy/);
    expect((await fill([dataset], { statement: { proposer: 'alice' } })).artifacts).toHaveLength(2);
    expect((await fill([], { input: 'c.csv', statement: { proposer: 'alice' } })).artifacts).toHaveLength(2);
    expect(await refusalOf([], { input: 'c.csv', statement: { proposer: 'bob' } })).toMatch(/^POLICY_REFUSED/);
    const only = { kind: 'policy', dataset: 'customers', expires_at: '2999-01-01T00:00:00Z', rules: [] } as const;
    const kept = owner.complete({ ...only, sites: 'only' });
    expect(await refusalOf([dataset, kept], { statement: { proposer: 'alice' } })).toMatch(
      /at the site of alice alone/,
    );
  });
});

/** The consent that a run's job would carry. */
function consentFor(
  type: string,
  run: Pick<TaskRun, 'chainId' | 'taskId'> & { readonly params: unknown },
  statements: Readonly<Record<string, readonly SentStatement[]>>,
  more: Partial<TaskStatement> = {},
): TaskConsent {
  const params = run.params as TaskParams;
  const ids = { chain_id: run.chainId, task_id: run.taskId, task_type: type };
  const task = { ...ids, proposer: null, params: params as unknown as ConsentJson, from: {}, ...more };
  return { task, byAdmin: false, statements, params };
}

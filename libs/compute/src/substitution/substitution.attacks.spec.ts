import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConsentJson } from '#libs/consent';
import { OwnedRuns } from '../party/owned-runs-for-tests.js';

const upTo = (count: number): number[] => [...Array(count).keys()];
const income = (id: number): number => ((id + 1) * 7919) % 1009;
const jobOf = (id: number): string => ['clerk', 'nurse', 'baker'][(id * 7) % 3]!;
const alone = { parties: ['alice'] };

let runs: OwnedRuns;
/** Alice's customers, and a table of others, which are no part of them. */
let customers: string;
let others: string;
beforeEach(async () => {
  runs = await OwnedRuns.claim('alice');
  const rows = (from: number) => upTo(200).map((at) => [from + at, income(from + at), jobOf(from + at)]);
  customers = await runs.table('alice', 'c', [['id', 'income', 'job'], ...rows(0)]);
  others = await runs.table('alice', 'd', [['id', 'income', 'job'], ...rows(1000)]);
});
afterEach(() => runs.folder.remove());

const pathOf = (outcome: { result: object }, key = 'output_paths'): string =>
  (outcome.result as Record<string, { alice: string }>)[key]!.alice;
const learn = async (taskId: string, from: string, type = 'standard_scaler', columns = ['income']): Promise<string> =>
  pathOf(
    await runs.run(type, taskId, { input_data: { alice: from }, columns: { alice: columns } }, alone),
    'rules_paths',
  );
const apply = async (
  taskId: string,
  rules: string,
  to: string,
  config: Record<string, ConsentJson> = {},
  more: object = {},
): Promise<string> =>
  pathOf(
    await runs.run(
      'substitution',
      taskId,
      { input_data: { alice: to }, rules: { alice: rules }, ...config },
      { ...alone, ...more },
    ),
  );
/** What others see of a table's column of incomes. */
const statisticsOf = async (taskId: string, path: string): Promise<Record<string, number | null>> => {
  const config = { input_data: { alice: path }, columns: ['income'] };
  const { result } = await runs.run('table_statistics', taskId, config, alone);
  return (result.statistics as Record<string, Record<string, number | null>>)['income'] ?? {};
};
/** Bob's list of customers, and alice's rows of it. */
const choose = async (taskId: string, ids: readonly number[], from = customers): Promise<string> => {
  const list = await runs.table('bob', taskId, [['id', 'b'], ...ids.map((id) => [id, id * 3])]);
  const config = { keys: { alice: ['id'], bob: ['id'] }, input_paths: { alice: from, bob: list } };
  return pathOf(await runs.run('psi', taskId, config));
};
const codeOf = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => 'none',
    ({ code }: { code: string }) => code,
  );

describe('rules keep the lineage of the table that they were learnt from', () => {
  test('and name it to their owner', async () => {
    const rules = await learn('learn', customers);
    const applied = await apply('apply', rules, others);
    const again = await learn('again', applied);
    const file = async (reference: string) => JSON.parse(await runs.folder.text('alice', reference)) as object;
    expect(await file(rules)).toMatchObject({
      made_by: { task_type: 'standard_scaler', chain_id: 'chain-1', task_id: 'learn' },
      learnt_from: { table: customers, datasets: ['c@1'] },
    });
    expect(await file(again)).toMatchObject({ learnt_from: { table: applied, datasets: ['c@1', 'd@1'] } });
  });

  test('so that the policy of its dataset holds for the task, and for what is made of it', async () => {
    const rules = await learn('learn', customers);
    const applied = await apply('apply', rules, others);
    runs.policy('alice', 'c', null);
    expect(await codeOf(apply('refused', rules, others))).toBe('APPROVAL_REQUIRED');
    expect(await codeOf(statisticsOf('statistics', applied))).toBe('APPROVAL_REQUIRED');
    expect(await codeOf(statisticsOf('of-others', others))).toBe('none');
  });

  test('so that its floor holds, too', async () => {
    runs.policy('alice', 'c', { min_group_rows: 201 });
    const { mean } = await statisticsOf('plain', others);
    expect(mean).not.toBeNull();
    const applied = await apply('apply', await learn('learn', customers), others);
    expect((await statisticsOf('applied', applied)).mean ?? null).toBeNull();
  });
});

describe('a file of rules that no task learnt', () => {
  test('is opened in no chain of others, wherever it lies', async () => {
    const rules = await learn('learn', customers);
    const file = join(runs.folder.path, 'artifacts', rules.slice('artifact:'.length));
    const text = await readFile(file, 'utf8');
    await runs.folder.table('alice', 'mine.json', text);
    for (const proposer of ['bob', null])
      expect(await codeOf(apply('by-path', 'mine.json', others, {}, { statement: { proposer } }))).toBe(
        'POLICY_REFUSED',
      );
    await writeFile(file, text.replace(/"factor": [^,]+/, '"factor": 1'));
    expect(await codeOf(apply('forged', rules, others))).toBe('POLICY_REFUSED');
    await writeFile(file, text);
    expect(await codeOf(apply('real', rules, others))).toBe('none');
  });
});

describe('who chooses the rows that rules are learnt from', () => {
  test('gets no figures of rules that differ by one customer: they would show the customer', async () => {
    const ask = async (list: string, count: number) =>
      statisticsOf(
        `of-${list}`,
        await apply(`by-${list}`, await learn(`learn-${list}`, await choose(list, upTo(count))), others),
      );
    expect((await ask('one', 120)).mean).toEqual(expect.any(Number));
    expect((await ask('two', 119)).mean ?? null).toBeNull();
    expect((await ask('again', 120)).mean).toEqual(expect.any(Number));
    expect((await ask('three', 90)).mean).toEqual(expect.any(Number));
  });

  test('gets no figures of rules of few rows, also where the owner chose them', async () => {
    const small = await runs.table('alice', 'e', [['income'], ...upTo(19).map((at) => [income(at)])]);
    const large = await runs.table('alice', 'f', [['income'], ...upTo(20).map((at) => [income(at)])]);
    const ask = async (taskId: string, from: string) =>
      (await statisticsOf(`of-${taskId}`, await apply(taskId, await learn(`learn-${taskId}`, from), others))).mean ??
      null;
    expect(await ask('small', small)).toBeNull();
    expect(await ask('large', large)).toEqual(expect.any(Number));
  });

  test('gains nothing by steps, rules or a choice after them', async () => {
    const one = await apply('by-one', await learn('learn-one', await choose('one', upTo(120))), others);
    expect((await statisticsOf('first', one)).mean).toEqual(expect.any(Number));
    const two = await apply('by-two', await learn('learn-two', await choose('two', upTo(119))), others);
    const rulesOfOthers = await learn('learn-others', others, 'minmax_scaler');
    const stepped = pathOf(await runs.run('fillna', 'step', { input_data: { alice: two }, method: 'median' }, alone));
    const chosen = await choose(
      'part',
      upTo(100).map((at) => 1000 + at),
      two,
    );
    for (const [at, path] of [await apply('twice', rulesOfOthers, two), stepped, chosen].entries())
      expect((await statisticsOf(`after-${at}`, path)).mean ?? null).toBeNull();
  });

  test('compares no two customers: whether the job of one is that of the other', async () => {
    const compare = async (name: string, one: number, other: number, config = {}): Promise<string> => {
      const rules = await learn(`of-${name}`, await choose(`a-${name}`, [one]), 'label_encoder', ['job']);
      return codeOf(apply(`apply-${name}`, rules, await choose(`b-${name}`, [other]), config));
    };
    expect(jobOf(3)).toBe(jobOf(0));
    expect(jobOf(4)).not.toBe(jobOf(0));
    expect(await compare('same', 0, 3)).toBe('GROUP_TOO_SMALL');
    expect(await compare('other', 0, 4)).toBe('GROUP_TOO_SMALL');
    const missing = { unseen: 'missing' };
    expect([await compare('same-2', 0, 3, missing), await compare('other-2', 0, 4, missing)]).toEqual(['none', 'none']);
  });

  test('reads in no failure which row has another category; the owner does', async () => {
    const rules = await learn(
      'learn',
      await choose(
        'list',
        upTo(60).filter((id) => jobOf(id) === 'clerk'),
      ),
      'label_encoder',
      ['job'],
    );
    const failure = await apply('apply', rules, others).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'UNSEEN_CATEGORY', details: { party: 'alice', column: 'job' } });
    expect((failure as Error).message).not.toMatch(/\d|nurse|baker/);
    const kept = await readFile(join(runs.owners.alice!.root, '.party', 'failures.jsonl'), 'utf8');
    expect(JSON.parse(kept)).toMatchObject({ task: 'chain-1/apply', details: { row: expect.any(Number) as unknown } });
  });
});

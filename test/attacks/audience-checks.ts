import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import pg from 'pg';
import { openResult } from '#libs/compute';
import { TestOwner } from '#libs/testing';
import { ApiClient, chain, eventually, type Check, type SystemUnderTest } from '../integration/system/index.js';

interface Side {
  readonly party: string;
  readonly owner: TestOwner;
  readonly api: ApiClient;
}
interface TaskView {
  readonly task_id: string;
  readonly result: Record<string, unknown>;
  readonly party_results: Record<string, { sealed?: string; value?: unknown; withheld?: string }> | null;
}

/** Rows that alice and bob have in common: nothing that leaves bob's side may tell them apart. */
const COMMON = [30, 29, 0];

/** What is opened to one party alone. */
export function audienceChecks(check: Check, system: SystemUnderTest): void {
  check('is nowhere to be read by an author, an admin or the database', async () => {
    const [alice, bob] = [await side(system), await side(system)];
    const shown = [];
    const counts = [];
    for (const common of COMMON) {
      await tables(alice, bob, common);
      const id = await alice.api.start(chain([psi(alice, bob)]));
      expect((await alice.api.ended(id)).status).toBe('SUCCESS');
      shown.push(await everythingAbout(system, alice.api, id));
      const task = await system.api.expect<TaskView>(200, `/chains/${id}/tasks/psi`);
      expect(Object.keys(task.party_results!)).toEqual([bob.party]);
      const { sealed } = task.party_results![bob.party]!;
      const of = { chainId: id, taskId: 'psi', party: bob.party };
      expect(await openResult(alice.owner.reader, undefined, of, sealed!)).toBeUndefined();
      const opened = await openResult(bob.owner.reader, bob.owner.digest, of, sealed!);
      counts.push(opened!.result.intersection_count);
      const file = await bob.api.call(`/chains/${id}/tasks/psi/artifacts/${bob.party}/intersection.csv`);
      expect([file.status, file.text.split('\n').length]).toEqual([200, common + 2]);
      expect(opened!.isGenuine).toBe(true);
    }
    expect(counts).toEqual(COMMON);
    expect(shown[1]).toEqual(shown[0]);
    expect(shown[2]).toEqual(shown[0]);
  });

  check('is used by later tasks of that party alone, and only as the party wrote it', async () => {
    const [alice, bob] = [await side(system), await side(system)];
    await tables(alice, bob, 25);
    const ref = `\${tasks.psi.party_results.${bob.party}.output_path}`;
    const later = (input: object, parties: readonly Side[]) => ({
      ...work('fillna', parties, { input_data: input, columns: ['name'], method: 'constant', value: 'x' }),
      task_id: 'fill',
      depends_on: ['psi'],
    });
    // In a value of another party, or within a longer text.
    for (const input of [{ [alice.party]: ref }, { [bob.party]: `${ref}.csv` }]) {
      const task = later(input, [alice, bob]);
      const refused = await alice.api.call('/chains', { method: 'POST', body: chain([psi(alice, bob), task]) });
      expect(refused.status).toBe(400);
      expect(refused.body.errors?.map(({ code }) => code)).toEqual([
        expect.stringMatching(/PARTY_RESULT_NOT_ALLOWED|MALFORMED_REFERENCE/),
      ]);
    }
    const both = chain([psi(alice, bob), later({ [bob.party]: ref }, [bob])]);
    const id = await alice.api.start(both);
    const ended = await alice.api.ended(id);
    expect([ended.status, ended.tasks[1]!.error]).toEqual(['SUCCESS', null]);

    // The database puts another result in its place: of another chain, or sealed by somebody else.
    const db = new pg.Client(system.databaseUrl);
    await db.connect();
    try {
      const other = await alice.api.start(chain([psi(alice, bob)]));
      await alice.api.ended(other);
      await allow(bob, ['psi']);
      const second = await alice.api.start(both);
      await alice.api.until(second, 'waits for bob', ({ tasks }) => tasks[1]!.hold === 'APPROVAL');
      await db.query(
        `UPDATE chain_tasks t SET party_results = o.party_results FROM chain_tasks o
          WHERE o.chain_id = $1 AND o.task_id = 'psi' AND t.chain_id = $2 AND t.task_id = 'psi'`,
        [other, second],
      );
      await allow(bob, ['psi', 'fillna']);
      await system.api.expect(200, `/chains/${second}/tasks/fill/retry`, { method: 'POST' });
      const forged = await alice.api.ended(second);
      expect(forged.tasks[1]!.error).toMatchObject({ code: 'PARTY_RESULT_UNAVAILABLE' });
    } finally {
      await db.end();
    }
  });

  check('of a folder that nobody has claimed is for admins and the party itself', async () => {
    const party = `u${randomUUID().slice(0, 8)}`;
    mkdirSync(join(system.dataRoot, party), { recursive: true });
    writeFileSync(join(system.dataRoot, party, 't.csv'), `a\n${'7\n'.repeat(30)}`);
    const viewer = await keyOf(system, 'viewer');
    const own = await keyOf(system, 'viewer', party);
    const task = work('table_statistics', [{ party }], { input_data: { [party]: 't.csv' } });
    const id = await system.api.start(chain([{ ...task, task_id: 'psi' }]));
    expect((await system.api.ended(id)).status).toBe('SUCCESS');
    const of = async (api: ApiClient) =>
      (await api.expect<TaskView>(200, `/chains/${id}/tasks/psi`)).party_results![party]!;
    expect((await of(viewer)).value).toBeUndefined();
    expect((await of(viewer)).withheld).toContain('Nobody has claimed');
    for (const api of [own, system.api]) expect((await of(api)).value).toMatchObject({ rows: 30 });
    await eventually('both reads are in the audit log', async () => {
      const path = `/audit?action=readPartyResults&target=${id}/psi`;
      const { items } = await system.api.expect<{ items: object[] }>(200, path);
      return items.length === 2 ? items : undefined;
    });
  });
}

/** All that the API, the events and the database hold of a chain, without what differs between any two runs. */
async function everythingAbout(system: SystemUnderTest, author: ApiClient, id: string): Promise<unknown> {
  const paths = ['', '/tasks/psi', '/tasks/psi/logs', '/tasks/psi/artifacts', '/tasks/psi/attempts', '/report'];
  const answers = await Promise.all(paths.map((path) => author.call(`/chains/${id}${path}`)));
  const db = new pg.Client(system.databaseUrl);
  await db.connect();
  try {
    const tables = ['chain_tasks', 'chain_events', 'artifacts'];
    const rows = await Promise.all(
      tables.map((table) => db.query(`SELECT to_jsonb(t) AS row FROM ${table} t WHERE chain_id = $1`, [id])),
    );
    // How often the author asked before is no secret of the party.
    const isWarning = (each: unknown): boolean => JSON.stringify(each).includes('PRIVACY_REPEATED');
    for (const { body } of answers) {
      const { items } = body as { items?: unknown[] };
      if (items?.some(isWarning)) items.splice(items.findIndex(isWarning), 1);
    }
    return withoutChance([answers.map(({ body }) => body as unknown), rows.map((each) => each.rows)], id);
  } finally {
    await db.end();
  }
}

/** Ids, times, versions, MACs and ciphertexts (of which the length stays) become one word each. */
function withoutChance(value: unknown, id: string, key = ''): unknown {
  if (key === 'sealed') return `${String(value).length} characters`;
  if (/(_at|_ms|_id|_seq|^id|sha256|version|^lease_until|^next_after|^progress_stage)$/.test(key)) return '-';
  if (typeof value === 'string') return value.replaceAll(id, 'CHAIN').replace(/@\d+$/, '@');
  if (Array.isArray(value)) return value.map((each) => withoutChance(each, id));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutChance(each, id, name)]));
}

async function keyOf(system: SystemUnderTest, role: string, party?: string): Promise<ApiClient> {
  const body = { name: `${role} ${party ?? ''}`, role, ...(party !== undefined && { party }) };
  if (party !== undefined) await system.api.expect(201, '/parties', { method: 'POST', body: { party, name: party } });
  const { key } = await system.api.expect<{ key: string }>(201, '/keys', { method: 'POST', body });
  return new ApiClient(system.api.url, key);
}

async function side(system: SystemUnderTest): Promise<Side> {
  const party = `p${randomUUID().slice(0, 8)}`;
  const api = await keyOf(system, 'author', party);
  mkdirSync(join(system.dataRoot, party), { recursive: true });
  return { party, api, owner: await TestOwner.claim(system.dataRoot, party) };
}

let version = 0;

/** Registers tables of 30 rows each, of which `common` are in both, and lets both be used for anything. */
async function tables(alice: Side, bob: Side, common: number): Promise<void> {
  version += 1;
  for (const [{ party, owner, api }, first] of [
    [alice, 0],
    [bob, 30 - common],
  ] as const) {
    const keys = Array.from({ length: 30 }, (_, row) => `${first + row + 100},n\n`);
    writeFileSync(join(owner.root, `t${version}.csv`), `id,name\n${keys.join('')}`);
    const dataset = { ...(await owner.dataset('customers', `t${version}.csv`)), version };
    const signed = await owner.sign(dataset);
    await api.expect(200, `/parties/${party}/statements`, { method: 'PUT', body: { signed } });
    await allow({ party, owner, api }, ['psi', 'fillna']);
  }
}

let serial = 0;

async function allow({ party, owner, api }: Side, task_types: readonly string[]): Promise<void> {
  serial += 1;
  const rules = [{ effect: 'allow', task_types }] as const;
  const policy = { kind: 'policy', dataset: 'customers', expires_at: '2999-01-01T00:00:00Z', rules } as const;
  const signed = await owner.sign({ ...policy, serial });
  await api.expect(200, `/parties/${party}/statements`, { method: 'PUT', body: { signed } });
}

/** Only bob learns the intersection. */
function psi(alice: Side, bob: Side) {
  return {
    ...work('psi', [alice, bob], {
      keys: { [alice.party]: ['id'], [bob.party]: ['id'] },
      input_paths: Object.fromEntries(
        [alice, bob].map(({ party }) => [party, `dataset:${party}/customers@${version}`]),
      ),
      receiver: bob.party,
    }),
    task_id: 'psi',
  };
}

function work(task_type: string, parties: readonly { readonly party: string }[], task_config: object) {
  const sf_init_config = { parties: parties.map(({ party }) => party), address: 'local' };
  return { task_type, depends_on: [] as string[], task_params: { sf_init_config, task_config } };
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { TestOwner } from '#libs/testing';
import { eventually, type ApiClient, type Check, type SystemUnderTest } from '../integration/system/index.js';
import { keyOf, put, scene, work, type Side } from './two-owners.js';

interface Ledger {
  readonly items: readonly {
    readonly seq: number;
    readonly opened_at: string;
    readonly chain_id: string;
    readonly task_type: string;
    readonly to: readonly string[];
    readonly columns: readonly { name: string; figures: number; bits: number }[] | null;
    readonly bits: number;
  }[];
  readonly next_before: number | null;
}

type Opened = Ledger['items'][number] & { readonly party: string; readonly dataset: string };

const ROWS = Array.from({ length: 100 }, (_, row) => row);
const noise = (row: number, column: number): number => ((row + 1) * (7919 * column + 31)) % 1009;

/** A party with a dataset of these columns, whose owner allows correlations. */
async function side(
  system: SystemUnderTest,
  names: readonly string[],
  cell: (row: number, at: number) => number,
): Promise<Side> {
  const party = `p${randomUUID().slice(0, 8)}`;
  await system.api.expect(201, '/parties', { method: 'POST', body: { party, name: party } });
  mkdirSync(join(system.dataRoot, party), { recursive: true });
  const lines = ROWS.map((row) => names.map((_, at) => cell(row, at)).join(','));
  writeFileSync(join(system.dataRoot, party, 'table.csv'), `${names.join(',')}\n${lines.join('\n')}\n`);
  const owner = await TestOwner.claim(system.dataRoot, party);
  const made = { party, owner, api: await keyOf(system, 'author', party), table: `dataset:${party}/customers@1` };
  const columns = names.map((name) => ({ name, type: 'number' }));
  await put(made, await owner.sign({ ...(await owner.dataset('customers', 'table.csv')), columns } as never));
  const rules = [{ effect: 'allow', task_types: ['pearson_correlation'] }];
  const policy = { kind: 'policy', dataset: 'customers', expires_at: '2999-01-01T00:00:00Z', rules };
  await put(made, await owner.sign(policy as never));
  return made;
}

/** On the system of `owner.spec.ts`: one more would take ten seconds of CPU. */
export function ledgerChecks(check: Check, system: SystemUnderTest): void {
  check('opens no label by correlations with columns of choice, and its owner reads what was opened', async () => {
    const { codeOf } = await scene(system);
    const victim = await side(system, ['y'], (row) => noise(row, 5) % 2);
    const names = ['b0', 'b1', 'b2', 'b3', 'b4'];
    const attacker = await side(system, names, (row, at) => noise(row, at + 1));
    const codes = [];
    for (const name of names) {
      const input_data = { [victim.party]: victim.table, [attacker.party]: attacker.table };
      const columns = { [victim.party]: ['y'], [attacker.party]: [name] };
      const task = work('pearson_correlation', [victim.party, attacker.party], { input_data, columns });
      codes.push(await codeOf(attacker, task));
    }
    // 100 rows allow 50 bits: four correlations of 11.
    expect(codes).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS', 'SUCCESS', 'BUDGET_EXHAUSTED']);

    const path = `/datasets/${victim.party}/customers/ledger`;
    await eventually('all is listed', async () => {
      const { items } = await victim.api.expect<Ledger>(200, path);
      return items.length === 4 || undefined;
    });
    const { items, next_before } = await victim.api.expect<Ledger>(200, `${path}?limit=3`);
    expect(items).toHaveLength(3);
    for (const entry of items) {
      expect(entry).toMatchObject({ task_type: 'pearson_correlation', to: [attacker.party], bits: 11 });
      expect(entry.columns).toEqual([{ name: 'y', figures: 1, bits: 11 }]);
    }
    const rest = await victim.api.expect<Ledger>(200, `${path}?limit=3&before=${next_before}`);
    expect(rest).toMatchObject({ items: [{ bits: 11 }], next_before: null });
    const account = `/datasets/${victim.party}/customers/account`;
    const left = await victim.api.expect<{ budgets: object[]; by_task_type: object[] }>(200, account);
    const [type] = left.by_task_type;
    expect([left, type]).toEqual([
      expect.objectContaining({ openings: 4, policy_expires_at: '2999-01-01T00:00:00Z' }),
      { task_type: 'pearson_correlation', openings: 4, last_opened_at: items[0]!.opened_at },
    ]);
    expect(left.budgets[0]).toEqual({ kind: 'bits', limit: null, opened: 44, left: null, of: 'y' });
    expect(await system.api.expect<object>(200, account)).toMatchObject({
      budgets: [{ opened: 44, of: null }, {}, {}],
    });
    expect((await attacker.api.call(account)).status).toBe(403);
    // An admin of no party reads no name of a column; the others read nothing, and neither does another tenant.
    const seen = await system.api.expect<Ledger>(200, path);
    expect(seen.items.map(({ columns }) => columns)).toEqual([null, null, null, null]);
    expect((await attacker.api.call(path)).status).toBe(403);
    const stranger = await keyOf(system, 'author');
    expect((await stranger.call(path)).status).toBe(403);

    // The same of one task: each party reads its own, an admin all without columns.
    const ofTask = `/chains/${items[0]!.chain_id}/tasks/only/openings`;
    const opened = (by: ApiClient) => by.expect<{ items: Opened[] }>(200, ofTask).then((all) => all.items);
    const own = { party: victim.party, dataset: 'customers', to: [attacker.party], columns: items[0]!.columns };
    expect(await opened(victim.api)).toEqual([{ ...items[0], ...own }]);
    const others = await opened(attacker.api);
    expect(others.map(({ party }) => party)).toEqual([attacker.party]);
    const all = await opened(system.api);
    expect(all.map(({ party }) => party).sort()).toEqual([victim.party, attacker.party].sort());
    expect(all.map(({ columns }) => columns)).toEqual([null, null]);
    expect((await stranger.call(ofTask)).status).toBe(403);
  });
}

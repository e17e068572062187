import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyRule, TaskStatement } from '#libs/consent';
import { TestOwner } from '#libs/testing';
import { ApiClient, chain, taskOf, type SystemUnderTest } from '../integration/system/index.js';

const KEYS = Array.from({ length: 30 }, (_, i) => `id${i}`);

/** A party with its owner, a key that creates chains, and a dataset. */
export interface Side {
  readonly party: string;
  readonly owner: TestOwner;
  readonly api: ApiClient;
  readonly table: string;
}

/** A client that signs in by a new key. */
export async function keyOf(system: SystemUnderTest, role: string, party?: string): Promise<ApiClient> {
  const body = { name: role, role, ...(party !== undefined && { party }) };
  const { key } = await system.api.expect<{ key: string }>(201, '/keys', { method: 'POST', body });
  return new ApiClient(system.api.url, key);
}

/** Two parties with keys, owners and a dataset each; of the first, `approvals` says who states them. */
export async function scene(system: SystemUnderTest, approvals = 'signed') {
  const side = async (way = 'signed'): Promise<Side> => {
    const party = `p${randomUUID().slice(0, 8)}`;
    await system.api.expect(201, '/parties', { method: 'POST', body: { party, name: party } });
    mkdirSync(join(system.dataRoot, party), { recursive: true });
    for (const name of ['table.csv', 'other.csv']) {
      writeFileSync(join(system.dataRoot, party, name), `id,name\n${KEYS.map((id) => `${id},n\n`).join('')}`);
    }
    const owner = await TestOwner.claim(system.dataRoot, party, way);
    const made = { party, owner, api: await keyOf(system, 'author', party), table: `dataset:${party}/customers@1` };
    await put(made, await owner.sign(await owner.dataset('customers', 'table.csv')));
    return made;
  };
  const [a, b] = [await side(approvals), await side()];
  const psi = (more: object = {}) => {
    const keys = { [a.party]: ['id'], [b.party]: ['id'] };
    const input_paths = { [a.party]: a.table, [b.party]: b.table };
    return work('psi', [a.party, b.party], { keys, input_paths, ...more });
  };
  /** What becomes of a chain of one task: SUCCESS, or the code of its error. */
  const codeOf = async (by: Side, task: { task_id: string }): Promise<string> => {
    const id = await by.api.start(chain([task]));
    const ended = await system.api.until(id, 'has an outcome', (now) => {
      const { status, error } = taskOf(now, task.task_id);
      return status === 'SUCCESS' || error !== null;
    });
    const { status, error } = taskOf(ended, task.task_id);
    return error?.code ?? status;
  };
  return { a, b, psi, codeOf };
}

export const put = ({ party, api }: Side, signed: string): Promise<unknown> =>
  api.expect(200, `/parties/${party}/statements`, { method: 'PUT', body: { signed } });

export async function allow(side: Side, rule: Partial<PolicyRule>, serial = 1): Promise<void> {
  const rules: PolicyRule[] = [{ effect: 'allow', task_types: ['psi'], ...rule }];
  const policy = { kind: 'policy', dataset: 'customers', serial, expires_at: '2999-01-01T00:00:00Z', rules } as const;
  await put(side, await side.owner.sign(policy));
}

export const fill = ({ party, table }: Pick<Side, 'party' | 'table'>, input = table) =>
  work('fillna', [party], {
    input_data: { [party]: input },
    columns: { [party]: ['name'] },
    method: 'constant',
    value: 'x',
  });

export function work(task_type: string, parties: readonly string[], task_config: object) {
  const sf_init_config = { parties, address: 'local' };
  return { task_id: 'only', task_type, depends_on: [], task_params: { sf_init_config, task_config } };
}

/** The owner's decision on a task of a chain. */
export async function decide(side: Side, chainId: string, taskId: string, decision: string, serial = 1): Promise<void> {
  const path = `/chains/${chainId}/approvals`;
  const { items } = await side.api.expect<{ items: { task_id: string; task: TaskStatement }[] }>(200, path);
  const { task } = items.find((each) => each.task_id === taskId)!;
  await put(side, await side.owner.approve(task, { decision, serial }));
}

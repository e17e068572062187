import { expect } from '@jest/globals';
import type { ApprovalStatement } from '#libs/consent';
import { chain, eventually, taskOf, type Check, type SystemUnderTest } from '../integration/system/index.js';
import { allow, keyOf, put, scene, type Side } from './two-owners.js';

interface Asked {
  readonly party: string;
  readonly hash: string;
  readonly approvals: string | null;
  readonly decision: string | null;
  readonly signed_by: string | null;
}

/** Approvals without a signature: of people of a party whose owner chose that, and of nobody else. */
export function serverChecks(check: Check, system: SystemUnderTest): void {
  /** `b` asks for a task with the data of `a`, whose owner decides as `approvals` says; `b` allows it. */
  const asked = async (approvals: string) => {
    const { a, b, psi } = await scene(system, approvals);
    await allow(b, {});
    const task = psi({ receiver: b.party, keys: { [a.party]: ['id'], [b.party]: ['id'] } });
    const id = await b.api.start(chain([task]));
    const until = (what: string, isSo: (of: { status: string; hold: string | null }) => boolean) =>
      system.api.until(id, what, (now) => isSo(taskOf(now, 'only') as never));
    await until('asks', ({ hold }) => hold === 'APPROVAL');
    const shown = async (by: Side): Promise<Asked> => {
      const { items } = await by.api.expect<{ items: Asked[] }>(200, `/chains/${id}/approvals?party=${a.party}`);
      return items[0]!;
    };
    const { hash } = await shown(a);
    const bare = (decision: ApprovalStatement['decision'], serial: number) => ({
      ...{ kind: 'approval', party: a.party, chain_id: id, task_id: 'only', task: hash, decision, serial },
      ...{ issued_at: '2026-11-01T00:00:00Z', expires_at: '2999-01-01T00:00:00Z' },
    });
    const state = (by: Pick<Side, 'api'>, statement: object) =>
      by.api.call(`/parties/${a.party}/statements`, { method: 'PUT', body: { statement } });
    return { a, b, id, until, shown, bare, state };
  };

  check(
    'opens by an unsigned approval of its own people alone, who are named, where the owner chose that',
    async () => {
      const { a, b, id, until, shown, bare, state } = await asked('server');
      expect(await shown(b)).toMatchObject({ approvals: 'server', decision: null, signed_by: null });
      // The author of the chain, who belongs to the other party; that party's admin; an admin of none.
      const others = [b.api, await keyOf(system, 'admin', b.party), system.api];
      for (const api of others) expect((await state({ api }, bare('approve', 1))).status).toBe(403);
      // One who only reads for the party.
      const viewer = { api: await keyOf(system, 'viewer', a.party) };
      expect((await state(viewer, bare('approve', 1))).status).toBe(403);
      // An approval of a whole is one, too.
      const whole = {
        kind: 'standing',
        party: a.party,
        name: 'w',
        serial: 1,
        decision: 'approve',
        origin: `chain:${id}`,
      };
      const tasks = [{ task_id: 'only', task_type: 'psi', params: {}, holes: {}, from: {}, uses: 1 }];
      const { issued_at, expires_at } = bare('approve', 1);
      const standing = { ...whole, proposer: b.party, tasks, issued_at, expires_at };
      expect((await state({ api: system.api }, standing)).status).toBe(403);
      // So are a policy, bounds of the whole party and a dataset.
      const of = { party: a.party, serial: Number.MAX_SAFE_INTEGER, issued_at };
      const policy = {
        kind: 'policy',
        ...of,
        dataset: 'customers',
        expires_at,
        rules: [{ effect: 'allow', task_types: ['psi'] }],
      };
      const file = { file: 'table.csv', digest: `hmac-sha256:${'0'.repeat(64)}`, format: 'csv', rows: 30 };
      const dataset = {
        kind: 'dataset',
        ...of,
        name: 'customers',
        version: 1,
        ...file,
        columns: [{ name: 'id', type: 'string' }],
      };
      const all = [policy, { kind: 'party', ...of, recipients: [] }, dataset];
      for (const statement of all)
        for (const api of others) expect(await state({ api }, statement)).toMatchObject({ status: 403 });
      // A refusal opens nothing.
      expect((await state({ api: system.api }, { ...standing, decision: 'withdraw', name: 'other' })).status).not.toBe(
        403,
      );
      expect(await shown(b)).toMatchObject({ decision: null });
      // Another task's hash lets nothing run.
      expect((await state(a, { ...bare('approve', 1), task: `sha256:${'0'.repeat(64)}` })).status).toBe(200);
      expect(await shown(b)).toMatchObject({ decision: null });

      expect((await state(a, bare('approve', 1))).status).toBe(200);
      await until('runs', ({ status }) => status === 'SUCCESS');
      expect(await shown(b)).toMatchObject({ decision: 'approve', signed_by: 'server' });
      const target = `approval:${a.party}/${bare('approve', 1).task}`;
      const noted = {
        actor: expect.stringContaining('key'),
        details: { kind: 'approval', serial: 1, signed_by: 'server' },
      };
      // A row is in the log once it is sealed.
      const items = await eventually('the audit log has it', async () => {
        const path = `/audit?action=putStatement&target=${encodeURIComponent(target)}`;
        const found = (await system.api.expect<{ items: object[] }>(200, path)).items;
        return found.length > 0 ? found : undefined;
      });
      expect(items).toEqual([expect.objectContaining(noted)]);
    },
  );

  check('stays closed by an unsigned approval where the owner signs', async () => {
    const { a, b, until, shown, bare, state } = await asked('signed');
    expect(await shown(b)).toMatchObject({ approvals: 'signed' });
    expect((await state(a, bare('approve', 1))).status).toBe(200);
    await until('asks again', ({ hold }) => hold === 'APPROVAL');
    expect(await shown(b)).toMatchObject({ decision: 'approve', signed_by: 'server', approvals: 'signed' });
    // It still asks, and its owner sees that.
    const { items } = await a.api.expect<{ items: Asked[] }>(200, `/approvals?party=${a.party}`);
    expect(items.map((each) => each.hash)).toContain(bare('approve', 1).task);
    await put(a, await a.owner.sign({ ...bare('approve', 2) } as never));
    await until('runs', ({ status }) => status === 'SUCCESS');
    expect(await shown(b)).toMatchObject({ decision: 'approve', signed_by: 'signature' });
  });
}

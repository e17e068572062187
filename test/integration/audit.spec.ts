import { expect } from '@jest/globals';
import { openDatabase, verifyAudit } from '#libs/repositories';
import { withConnection } from '#libs/local-postgres';
import { chain, describeSystem, eventually, task } from './system/index.js';

interface Row {
  action: string;
  target: string;
  actor: string | null;
  address: string;
  details: Record<string, unknown>;
}

describeSystem('the audit log', 'postgres', { apps: ['api', 'status-listener'] }, (check, system) => {
  const rows = (): Promise<Row[]> =>
    withConnection(system.databaseUrl, async (client) => {
      const sql = 'SELECT action, target, actor, address, details FROM audit_log ORDER BY at, seq';
      return (await client.query<Row>(sql)).rows;
    });

  check(
    'has a row of every change, by whom, from where, and none of what was refused or only tried',
    async ({ api }) => {
      const post = async (
        status: number,
        path: string,
        body: object = {},
        headers = {},
      ): Promise<Record<string, unknown>> => api.expect(status, path, { method: 'POST', body, headers });
      const body = chain([task('a', { delay_ms: 60_000 }), task('b')]);
      const key = { 'Idempotency-Key': 'audited' };
      const id = await api.create(body, key);
      await api.create(body, key);
      await post(202, `/chains/${id}/execute?dry_run=true`);
      await post(202, `/chains/${id}/execute`, {}, key);
      await post(202, `/chains/${id}/execute`, {}, key);
      await post(409, `/chains/${id}/execute`);
      await post(200, `/chains/${id}/pause`, { note: 'a look' });
      await post(200, `/chains/${id}/resume`);
      await post(200, `/chains/${id}/priority`, { priority: 9 });
      await post(200, `/chains/${id}/tasks/a/priority`, { priority: 2 });
      await post(200, `/chains/${id}/tasks/a/skip`, { note: 'not needed' });
      await post(200, `/chains/${id}/tasks/b/resolve`, { result: { rows: 7 }, note: 'counted' });
      await post(200, `/chains/${id}/retry`, { from: ['b'] });
      await post(200, `/chains/${id}/tasks/a/retry`);
      await api.expect(200, `/chains/${id}`, { method: 'DELETE' });
      await post(200, '/chains/bulk/retry', { ids: [id] });
      const hook = (await post(201, '/webhooks', { url: 'https://hooks.example.com/x' }))['webhook_id'];
      const gone = `/webhooks/${String(hook)}?confirm=${String(hook)}`;
      await api.expect(200, gone, { method: 'DELETE' });
      await api.expect(404, gone, { method: 'DELETE' });

      const expected = [
        [
          'createChain',
          id,
          {
            ...{ chain_name: 'test chain', total_tasks: 2, execute: false },
            ...{ task_types: ['diagnostic'], parties: [], datasets: [], recipients: [] },
          },
        ],
        ['executeChain', id, { note: null }],
        ['pauseChain', id, { note: 'a look' }],
        ['resumeChain', id, { note: null }],
        ['setChainPriority', id, { note: null, priority: 9 }],
        ['setTaskPriority', `${id}/a`, { note: null, priority: 2 }],
        ['skipTask', `${id}/a`, { note: 'not needed' }],
        ['resolveTask', `${id}/b`, { note: 'counted' }],
        ['retryChain', id, { note: null, from: ['b'], include_downstream: true }],
        ['retryTask', id, { note: null, from: ['a'], include_downstream: true }],
        ['cancelChain', id, { note: null }],
        ['retryChains', id, { note: null, bulk: true }],
        ['createWebhook', hook, { url: 'https://hooks.example.com/x', events: [] }],
        ['deleteWebhook', hook, {}],
      ];
      const entries = await eventually('every change is in the log', async () => {
        const found = await rows();
        return found.length >= expected.length ? found : undefined;
      });
      expect(entries.map(({ action, target, details }) => [action, target, details])).toEqual(expected);
      expect(new Set(entries.map(({ address }) => address))).toEqual(new Set(['127.0.0.1']));
      expect(new Set(entries.map(({ actor }) => actor))).toEqual(new Set(['admin key']));

      const read = (query: string) =>
        api.expect<{
          items: { seq: number; action: string; target: string; hash: string }[];
          next_before: number | null;
        }>(200, `/audit${query}`);
      const whole = await read('');
      expect(whole.items.map(({ action }) => action)).toEqual(expected.map(([action]) => action).reverse());
      expect(whole.next_before).toBeNull();
      const paged: number[] = [];
      for (let before: number | null = 10 ** 9; before !== null;) {
        const page: typeof whole = await read(`?limit=5&before=${before}`);
        paged.push(...page.items.map(({ seq }) => seq));
        before = page.next_before;
      }
      expect(paged).toEqual(whole.items.map(({ seq }) => seq));
      expect((await read(`?target=${id}/a&action=skipTask&actor=admin%20key`)).items).toHaveLength(1);
      expect((await read('?actor=nobody')).items).toEqual([]);
      const now = new Date().toISOString();
      expect((await read(`?from=${now}`)).items).toEqual([]);
      expect((await read(`?to=${now}`)).items).toHaveLength(expected.length);
      for (const wrong of ['limit=0', 'from=yesterday', 'who=me', 'actor=a&actor=b', 'target=%00']) {
        expect((await api.call(`/audit?${wrong}`)).body).toMatchObject({ status: 400, code: 'INVALID_QUERY' });
      }

      const db = await openDatabase(system.databaseUrl, { max: 1 });
      expect(await verifyAudit(db)).toMatchObject({ rows: expected.length, waiting: 0, faults: [] });
      await db.close();
    },
  );
});

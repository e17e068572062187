import { expect } from '@jest/globals';
import { withConnection } from '#libs/local-postgres';
import { describeSystem, type ApiClient, type ProblemAnswer } from './system/index.js';

interface WebhookAnswer {
  webhook_id: string;
  secret: string;
}
interface DeliveryAnswer {
  id: number;
  message_id: string;
  status: string;
}

const post = (api: ApiClient, path: string, key?: string, body?: object) =>
  api.call<WebhookAnswer & DeliveryAnswer & ProblemAnswer>(path, {
    method: 'POST',
    body,
    headers: key === undefined ? {} : { 'idempotency-key': key },
  });
const webhookCount = async (api: ApiClient) => (await api.expect<{ items: unknown[] }>(200, '/webhooks')).items.length;

describeSystem('webhooks with an Idempotency-Key', 'postgres', { apps: ['api'] }, (check) => {
  const body = { url: 'https://hooks.example.com/a', events: ['chain.failure'] };

  check('are created once, with one secret, however often and at once they are asked for', async ({ api }) => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(api, '/webhooks', 'new-1', body)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1);
    for (const answer of answers) expect(answer.body).toEqual(answers[0]!.body);
    expect(await webhookCount(api)).toBe(1);

    const other = await post(api, '/webhooks', 'new-1', { ...body, events: [] });
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
    expect(await webhookCount(api)).toBe(1);
    await post(api, '/webhooks', undefined, body);
    await post(api, '/webhooks', 'new-2', body);
    expect(await webhookCount(api)).toBe(3);

    // A request that was refused leaves its key free.
    expect((await post(api, '/webhooks', 'new-3', { url: 'nonsense' })).status).toBe(400);
    expect((await post(api, '/webhooks', 'new-3', body)).status).toBe(201);
  });

  check('are refused where their address is of the own network as it stands', async ({ api }) => {
    for (const host of ['127.0.0.1', '10.1.2.3', '[::1]', '0x7f000001', 'localhost', 'a.localhost.', '127.1']) {
      const { status, body: refused } = await post(api, '/webhooks', undefined, { url: `http://${host}/` });
      expect([host, status, refused.detail]).toEqual([host, 400, expect.stringContaining('is a private address')]);
    }
  });

  check('are deleted when their id is said again, and restored', async ({ api }) => {
    const { webhook_id: id } = (await post(api, '/webhooks', undefined, body)).body;
    const before = await webhookCount(api);
    const remove = (query: string) =>
      api.call<ProblemAnswer & { dry_run: boolean }>(`/webhooks/${id}${query}`, { method: 'DELETE' });
    expect((await remove('')).body).toMatchObject({ status: 400, code: 'CONFIRMATION_REQUIRED' });
    expect((await remove('?confirm=webhook-other')).body.code).toBe('CONFIRMATION_REQUIRED');
    expect((await remove('?dry_run=true')).body.dry_run).toBe(true);
    expect((await remove('?dry_run=perhaps')).body.code).toBe('INVALID_QUERY');
    expect(await webhookCount(api)).toBe(before);
    expect((await remove(`?confirm=${id}`)).body.dry_run).toBe(false);
    expect(await webhookCount(api)).toBe(before - 1);
    expect((await api.call(`/webhooks/${id}/deliveries`)).status).toBe(404);
    const restored = await post(api, `/webhooks/${id}/restore`, 'undo');
    expect(restored).toMatchObject({ status: 200, body: { webhook_id: id } });
    expect((await post(api, `/webhooks/${id}/restore`, 'undo')).headers.get('idempotency-replayed')).toBe('true');
    expect((await post(api, `/webhooks/${id}/restore`)).status).toBe(404);
    expect(await webhookCount(api)).toBe(before);
  });

  check('are sent again once, and not once more when only the answer was lost', async ({ api, databaseUrl }) => {
    const { webhook_id: id } = (await post(api, '/webhooks', undefined, body)).body;
    const sql = async <Row>(text: string): Promise<Row[]> =>
      (await withConnection(databaseUrl, (client) => client.query(text, [id]))).rows as Row[];
    const ids = await sql<{ id: string }>(
      `INSERT INTO webhook_deliveries (tenant_id, webhook_id, message_id, event_type, payload, status)
       SELECT 'default', $1, 'msg_' || n, 'chain.failure', '{}', 'DELIVERED' FROM generate_series(1, 2) AS n RETURNING id`,
    );
    const [first, second] = ids.map((row) => `/webhooks/${id}/deliveries/${row.id}/replay`) as [string, string];
    const delivered = (): Promise<unknown> =>
      sql(`UPDATE webhook_deliveries SET status = 'DELIVERED' WHERE webhook_id = $1`);

    const asked = await post(api, first, 'again-1');
    expect(asked).toMatchObject({ status: 202, body: { message_id: 'msg_1', status: 'PENDING' } });
    await delivered();
    const repeated = await post(api, first, 'again-1');
    expect(repeated).toMatchObject({ status: 202, body: asked.body });
    expect(repeated.headers.get('idempotency-replayed')).toBe('true');
    const pending = `SELECT message_id FROM webhook_deliveries WHERE webhook_id = $1 AND status = 'PENDING'`;
    expect(await sql(pending)).toEqual([]);
    // Another delivery is another call.
    expect((await post(api, second, 'again-1')).status).toBe(202);
    expect(await sql(pending)).toEqual([{ message_id: 'msg_2' }]);
    await delivered();
    expect((await post(api, first)).status).toBe(202);
    expect(await sql(pending)).toEqual([{ message_id: 'msg_1' }]);

    const missing = `/webhooks/${id}/deliveries/999999/replay`;
    for (let n = 0; n < 2; n++) expect((await post(api, missing, 'again-2')).status).toBe(404);
    expect((await post(api, first, '')).status).toBe(400);
  });
});

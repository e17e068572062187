import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { coreSlowness } from '#libs/testing';
import { ApiClient, task, type Answer, type Check, type SystemUnderTest } from '../integration/system/index.js';

/** What the main thread may take for a large body, reading it from the socket among it, ms of processor time on a quiet core. */
const MAIN_MS = 50;
const ROUNDS = 4;

/** Somebody who sends large bodies. */
export function largeBodyChecks(check: Check, system: SystemUnderTest): void {
  check('keeps the main thread of the API busy for no more than 50 ms of processor time', async () => {
    const api = await viewer(system);
    const takes = async (ask: () => Promise<unknown>): Promise<number> => {
      const [slowness, before] = [coreSlowness(), mainThreadMs(system)];
      for (let i = 0; i < ROUNDS; i += 1) await ask();
      const taken = (mainThreadMs(system) - before) / ROUNDS;
      return taken / Math.max(slowness, coreSlowness());
    };
    const bodies = { valid: chainOf(9 * 1024 * 1024), bent: `${chainOf(9 * 1024 * 1024).slice(0, -1)},` };
    for (const body of Object.values(bodies)) {
      expect((await validate(api, body)).status).toBeLessThan(500);
      expect(await takes(() => validate(api, body))).toBeLessThan(MAIN_MS);
    }
    const create = () => system.api.call('/chains', { method: 'POST', body: bodies.valid });
    expect((await create()).status).toBe(201);
    expect(await takes(create)).toBeLessThan(MAIN_MS);
  });

  check('has two of them read at once, whatever they are sent to, while others are served', async () => {
    const api = await viewer(system);
    const body = chainOf(9 * 1024 * 1024);
    const answers = await Promise.all(Array.from({ length: 8 }, () => validate(api, body)));
    const counted = answers.map(({ status }) => status);
    expect(counted.filter((status) => status === 200).length).toBeGreaterThanOrEqual(2);
    for (const { status, body: problem, headers } of answers.filter((each) => each.status !== 200)) {
      expect([status, problem.code, headers.get('retry-after')]).toEqual([429, 'TOO_MANY_REQUESTS', '1']);
    }
    expect(counted).toContain(429);
    expect((await validate(await viewer(system), body)).status).toBe(200);
  });

  check('gets the answers of small bodies, and sends none elsewhere', async () => {
    const { api } = system;
    const post = (body: unknown, headers = {}) => api.call('/chains', { method: 'POST', body, headers });
    const padded = (more: object, size: number) => ({
      chain_name: 'padded',
      metadata: { pad: 'x'.repeat(size) },
      tasks: [task('a', {}, more)],
    });
    for (const more of [{ depends_on: ['nobody'] }, { task_type: 'toString' }, { priority: 11 }]) {
      const [small, large] = await Promise.all([post(padded(more, 1)), post(padded(more, 200_000))]);
      expect([large.status, large.body.code, large.body.errors]).toEqual([400, small.body.code, small.body.errors]);
    }
    const key = { 'idempotency-key': 'large' };
    const first = await post(padded({}, 200_000), key);
    const again = await post(padded({}, 200_000), key);
    expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 201, 'true']);
    expect(again.body).toEqual(first.body);
    expect((await post(padded({}, 200_001), key)).status).toBe(422);
    const name = 'x'.repeat(2 * 1024 * 1024);
    expect((await api.call('/keys', { method: 'POST', body: { name } })).body.code).toBe('BODY_TOO_LARGE');
  });
}

/** A chain of many small values, which takes longer to read than one long text. */
function chainOf(bytes: number): string {
  const list = `[${'1,'.repeat(180)}1]`;
  const more = Array.from(
    { length: Math.floor(bytes / 2_000) },
    (_, i) => `"k${i}":"${'ab'.repeat(800)}","l${i}":${list}`,
  );
  return `{"chain_name":"large","metadata":{${more.slice(0, 10).join(',')}},"tasks":[{"task_id":"a","task_type":"diagnostic","task_params":{"task_config":{"result":{${more.join(',')}}}}}]}`;
}

const validate = (api: ApiClient, body: string): Promise<Answer<{ code: string }>> =>
  api.call('/chains/validate', { method: 'POST', body });

/** The processor time of the API's main thread, ms: its other threads count as other tasks. */
function mainThreadMs(system: SystemUnderTest): number {
  const { pid } = system.app('api');
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

async function viewer(system: SystemUnderTest): Promise<ApiClient> {
  const body = { name: 'a viewer', role: 'viewer' };
  const { key } = await system.api.expect<{ key: string }>(201, '/keys', { method: 'POST', body });
  return new ApiClient(system.api.url, key);
}

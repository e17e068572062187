import { expect } from '@jest/globals';
import { chain, describeSystem, eventually, task, TEST_API_KEY, type SystemUnderTest } from './system/index.js';

type Line = Readonly<Record<string, unknown>>;

describeSystem('logs', 'postgres', { env: { LOG_LEVEL: 'trace' } }, (check, system) => {
  check('are JSON lines with app, level and time, and name chain, task, attempt, run and trace', async () => {
    const { api } = system;
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const chainId = await api.start(
      chain([task('fails', { fail_attempts: 9, error_code: 'NO_LUCK' })], { retry_policy: { max_retries: 0 } }),
    );
    await api.ended(chainId);
    const line = await eventually('the end of the run is reported', async () =>
      linesOf(system).find(({ chain_id, msg }) => chain_id === chainId && msg === 'a run ended'),
    );
    expect(line).toMatchObject({
      app: 'compute-worker',
      level: 'info',
      tenant: 'default',
      task_id: 'fails',
      attempt: 1,
      run_id: expect.stringMatching(/^[\da-f-]{36}$/),
      outcome: 'failed',
      code: 'NO_LUCK',
    });
    // Without tracing nobody keeps the caller's context.
    await api.run({ ...chain([task('a')]), metadata: { traceparent } });
    expect(linesOf(system).filter((each) => 'trace_id' in each)).toEqual([]);
    for (const each of linesOf(system)) {
      expect(each).toMatchObject({ app: expect.any(String), level: expect.any(String), msg: expect.any(String) });
      expect(new Date(each['time'] as string).toISOString()).toBe(each['time']);
    }
  });

  check('hold no key, header, parameter or result, whatever comes in', async () => {
    const { api } = system;
    const hidden = 'the-hidden-value';
    const config = { result: { of: hidden } };
    await api.run({ ...chain([task('a', config), task('b', config, { depends_on: ['a'] })]), metadata: { hidden } });
    const refused = async (path: string, options: Parameters<typeof api.call>[1]): Promise<void> =>
      expect((await api.call(path, options)).status).toBeGreaterThanOrEqual(400);
    await refused('/chains', { method: 'POST', body: `{"broken": "${hidden}"` });
    await refused('/chains', { method: 'POST', body: chain([task('a', { nothing: hidden } as object)]) });
    await refused(`/chains?status=${hidden}`, { headers: { cookie: hidden, 'x-api-key': hidden } });
    await refused('/chains', { headers: { authorization: `Bearer ${hidden}` } });
    await refused(`/chains/${hidden}`, {});
    for (const app of system.apps) {
      const text = app.lines.join('\n');
      expect(text).not.toContain(hidden);
      expect(text).not.toContain(TEST_API_KEY);
      expect(text).not.toMatch(/authorization|bearer |task_config|task_params/i);
      expect(text).not.toContain(new URL(system.databaseUrl).password || '\0');
    }
  });
});

/** What all apps have written, without warnings that are Node's own. */
function linesOf(system: SystemUnderTest): Line[] {
  return system.apps.flatMap(({ lines }) => lines.map((line) => JSON.parse(line) as Line));
}

import { expect } from 'expect';
import { chain, describeSystem, eventually, line, task } from './system/index.js';

describeSystem('the metrics of chains', 'postgres', {}, (check) => {
  check('count each end once over all listeners, whoever ended the chain', async (system) => {
    const { api } = system;
    await system.startApp('status-listener');
    const ports = await Promise.all(
      system.apps.filter(({ name }) => name === 'status-listener').map(async (app) => (await app.ready())['port']),
    );
    /** The sum over the listeners of the series that match. */
    const read = async (): Promise<(series: RegExp) => number> => {
      const texts = await Promise.all(
        ports.map(async (port) => (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text()),
      );
      const rows = texts.flatMap((text) => text.split('\n')).filter((row) => row.startsWith('taskchain_'));
      expect(rows.filter((row) => /chain-[0-9a-f]|task-[0-9a-f]|worker-/.test(row))).toEqual([]);
      return (series) =>
        rows.filter((row) => series.test(row)).reduce((sum, row) => sum + Number(row.slice(row.lastIndexOf(' '))), 0);
    };

    await Promise.all(Array.from({ length: 3 }, () => api.run(chain(line(4)))));
    await api.run(
      chain([task('a', { fail_attempts: 2, error_code: 'NO_LUCK' })], {
        retry_policy: { max_retries: 1, delay_ms: 0 },
      }),
    );
    await api.run(chain([task('late', { delay_ms: 60_000 })], { timeout: 1 }));
    const cancelled = await api.create(chain(line(2)));
    await api.expect(200, `/chains/${cancelled}/cancel`, { method: 'POST' });

    const sum = await eventually('all ends are counted', async () => {
      const now = await read();
      return now(/^taskchain_chains_finished_total/) >= 6 ? now : undefined;
    });
    const finished = (status: string) => sum(new RegExp(`^taskchain_chains_finished_total{.*status="${status}"`));
    expect([finished('SUCCESS'), finished('FAILURE'), finished('CANCELLED')]).toEqual([3, 2, 1]);
    expect(sum(/^taskchain_chain_failures_total{.*code="NO_LUCK"/)).toBe(1);
    expect(sum(/^taskchain_chain_failures_total{.*code="TIMEOUT_CHAIN"/)).toBe(1);
    expect(sum(/^taskchain_task_failures_total{/)).toBe(1);
    // The cancelled one was never started: it has no time.
    expect(sum(/^taskchain_chain_seconds_count{/)).toBe(5);
    expect(sum(/^taskchain_chain_seconds_sum{.*status="FAILURE"/)).toBeGreaterThan(1);
    expect(sum(/^taskchain_chain_tasks_count{/)).toBe(6);
    expect(sum(/^taskchain_chain_tasks_bucket{.*le="1"/)).toBe(2);
    expect(sum(/^taskchain_chain_tasks_bucket{.*le="5"/)).toBe(6);
    expect(sum(/^taskchain_task_seconds_count{.*task_type="diagnostic".*outcome="SUCCESS"/)).toBe(12);
    expect(sum(/^taskchain_task_seconds_count{.*task_type="diagnostic".*outcome="FAILURE"/)).toBe(2);
    const created = (await api.call('//metrics')).text;
    expect(created).toMatch(/^taskchain_chains_created_total{app="api"} 6$/m);
  });
});

import { expect } from '@jest/globals';
import { chain, describeOnBackends, describeSystem, line, task, taskOf } from './system/index.js';

const FAN = 200;
const CHAINS = 100;

describeOnBackends('many tasks', {}, (check) => {
  check(`fan out to ${FAN} and in again, each result in its place`, async ({ api }) => {
    const names = Array.from({ length: FAN }, (_, i) => `branch-${i}`);
    const done = await api.run(
      chain([
        task('source', { result: { start: 7 } }),
        ...names.map((name, i) =>
          task(name, { result: { i, start: '${tasks.source.result.result.start}' } }, { depends_on: ['source'] }),
        ),
        task(
          'sink',
          { result: `\${tasks.branch-${FAN - 1}.result.result.i}` },
          { depends_on: names, is_callback: true },
        ),
      ]),
    );
    expect({ status: done.status, error: done.error }).toEqual({ status: 'SUCCESS', error: null });
    expect(done).toMatchObject({
      chain_type: 'complex',
      completed_tasks: FAN + 2,
      total_tasks: FAN + 2,
      progress: 100,
    });
    expect(done.tasks.every((each) => each.attempt === 1 && each.losses === 0)).toBe(true);
    names.forEach((name, i) => expect(taskOf(done, name).result!.result).toEqual({ i, start: 7 }));
    expect(taskOf(done, 'sink').result!.result).toBe(FAN - 1);
  });

  check(`of ${CHAINS} chains that run at once: none is lost, none runs twice`, async ({ api }) => {
    const ids = await Promise.all(
      Array.from({ length: CHAINS }, (_, i) =>
        api.start({ ...chain(line(3, { result: i })), chain_name: `chain ${i}` }),
      ),
    );
    const all = await Promise.all(ids.map((id) => api.ended(id)));
    expect(new Set(all.map((done) => done.status))).toEqual(new Set(['SUCCESS']));
    all.forEach((done, i) => {
      for (const each of done.tasks)
        expect(each).toMatchObject({ status: 'SUCCESS', attempt: 1, result: { result: i } });
    });
    const { total } = await api.expect<{ total: number }>(200, '/chains?status=SUCCESS&q=chain%20');
    expect(total).toBe(CHAINS);
  });
});

describeSystem('a chain of 10,000 tasks', 'postgres', { apps: ['api'] }, (check) => {
  check('is created, read and drawn', async ({ api }) => {
    const tasks = Array.from({ length: 10_000 }, (_, i) =>
      task(`task-${i}`, {}, { depends_on: i < 100 ? [] : [`task-${i - 100}`, `task-${i - 50}`] }),
    );
    const body = JSON.stringify(chain(tasks));
    const began = performance.now();
    const id = (await api.expect<{ chain_id: string }>(201, '/chains', { method: 'POST', body })).chain_id;
    const created = performance.now();
    const read = await api.chain(id);
    const took = performance.now();
    // Figures are printed and not asserted: they are the machine's as much as the code's.
    process.stdout.write(
      `10,000 tasks: created in ${Math.round(created - began)} ms, read in ${Math.round(took - created)} ms\n`,
    );
    expect(read).toMatchObject({ total_tasks: 10_000, chain_type: 'complex', status: 'PENDING' });
    expect(read.tasks).toHaveLength(10_000);
    const graph = await api.expect<{ nodes: object[]; edges: object[] }>(200, `/chains/${id}/graph`);
    expect(graph.nodes).toHaveLength(10_000);
    expect(graph.edges).toHaveLength(19_800);
    await api.expect(200, `/chains/${id}/cancel`, { method: 'POST' });
    expect(await api.chain(id)).toMatchObject({ status: 'CANCELLED', skipped_tasks: 10_000 });
  });
});

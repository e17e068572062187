import { expect } from '@jest/globals';
import { chain, describeSystem, task, taskOf, type ApiClient, type ChainAnswer } from './system/index.js';

const post = (api: ApiClient, path: string, body?: object) => api.expect(200, path, { method: 'POST', body });
const began = (done: ChainAnswer, taskId: string) => Date.parse(taskOf(done, taskId).started_at!);
const finished = (done: ChainAnswer, taskId: string) => Date.parse(taskOf(done, taskId).completed_at!);

describeSystem('rules of a chain', 'postgres', { env: { WORKER_CONCURRENCY_DIAGNOSTIC: '8' } }, (check) => {
  check('a quorum starts at the k-th success, and is skipped when it cannot be', async ({ api }) => {
    const done = await api.run(
      chain(
        [
          task('fast', {}),
          task('middle', { delay_ms: 300 }),
          task('slow', { delay_ms: 5_000 }),
          task('fails', { fail_attempts: 1 }),
          task('two', {}, { depends_on: ['fast', 'middle', 'slow'], trigger_rule: { at_least: 2 } }),
          task('three', {}, { depends_on: ['fast', 'fails', 'slow'], trigger_rule: { at_least: 3 } }),
        ],
        { stop_on_error: false },
      ),
    );
    expect(taskOf(done, 'two').status).toBe('SUCCESS');
    expect(began(done, 'two')).toBeLessThan(finished(done, 'slow'));
    expect(began(done, 'two')).toBeGreaterThanOrEqual(finished(done, 'middle') - 50);
    expect(taskOf(done, 'three')).toMatchObject({ status: 'SKIPPED', skip_reason: 'UPSTREAM_FAILED' });
  });

  check('a tolerable task may fail: its successors get no result of it', async ({ api }) => {
    const done = await api.run(
      chain([
        task('may-fail', { fail_attempts: 9 }, { tolerable: true }),
        task('after', {}, { depends_on: ['may-fail'] }),
      ]),
    );
    expect(done).toMatchObject({ status: 'SUCCESS', failed_tasks: 1, completed_tasks: 1, error: null });
    expect(taskOf(done, 'may-fail').error).toMatchObject({ code: 'TASK_ERROR' });
    expect(taskOf(done, 'after').result!.inputs).toEqual({ 'may-fail': null });
  });

  check('end_chain ends a chain by the result of its task, and a retry asks it again', async ({ api }) => {
    const end = {
      when: 'tasks.a.result.result.n == 1 && tasks.z.status == "SUCCESS"',
      status: 'FAILURE',
      message: 'one',
    };
    const made = (n: number) =>
      chain([
        task('z', { result: {} }),
        task('a', { result: { n } }, { depends_on: ['z'], end_chain: end }),
        task('b', {}, { depends_on: ['a'] }),
      ]);
    const error = { code: 'CHAIN_ENDED', message: 'one', details: { task_id: 'a' } };
    const done = await api.run(made(1));
    expect(done).toMatchObject({ status: 'FAILURE', ended_by: 'a', error, completed_tasks: 2, skipped_tasks: 1 });
    expect(taskOf(done, 'b')).toMatchObject({ status: 'SKIPPED', skip_reason: 'CHAIN_STOPPED' });
    expect(taskOf(done, 'a')).toMatchObject({ status: 'SUCCESS', end_chain: end });
    await post(api, `/chains/${done.chain_id}/retry`, {});
    const again = await api.ended(done.chain_id);
    expect(again).toMatchObject({ status: 'FAILURE', epoch: 2, ended_by: 'a' });
    expect(taskOf(again, 'a').attempt).toBe(2);
    expect(taskOf(again, 'z').attempt).toBe(1);
    expect(await api.run(made(2))).toMatchObject({ status: 'SUCCESS', ended_by: null, completed_tasks: 3 });
    const missing = { when: 'tasks.a.result.missing == 1', status: 'SUCCESS' };
    const wrong = await api.run(chain([task('a', {}, { end_chain: missing })]));
    expect(wrong).toMatchObject({ status: 'FAILURE', ended_by: null });
    expect(taskOf(wrong, 'a')).toMatchObject({ status: 'FAILURE', error: { code: 'INVALID_PARAMS' }, result: null });
    // What an operator gives stands, whatever the condition makes of it.
    const slow = await api.start(chain([task('a', { delay_ms: 60_000 }, { end_chain: missing })]));
    await post(api, `/chains/${slow}/tasks/a/resolve`, { result: {}, note: 'by hand' });
    expect(await api.ended(slow)).toMatchObject({ status: 'SUCCESS', ended_by: null });
  });

  check('for_each runs a task for each item and gives the list of results, in order', async ({ api }) => {
    const done = await api.run({
      ...chain([
        task(
          'e',
          { result: '${item.n}', delay_ms: 20 },
          { for_each: { items: '${params.list}', key: '${item.id}', max_parallel: 2 } },
        ),
        task('none', {}, { for_each: [], depends_on: [] }),
        task('n', { result: ['${tasks.e.result[1].result}', '${tasks.none.result}'] }, { depends_on: ['e', 'none'] }),
      ]),
      params: { type: 'object', properties: { list: { type: 'array', items: { type: 'object' } } } },
      args: { list: ['a', 'b', 'c'].map((id, n) => ({ id, n })) },
    });
    expect(done).toMatchObject({ status: 'SUCCESS', total_tasks: 6 });
    expect(done.tasks.map(({ task_id }) => task_id)).toEqual(['e[a]', 'e[b]', 'e[c]', 'e', 'none', 'n']);
    const list = taskOf(done, 'e').result as unknown as { task_id: string; result: number }[];
    expect(list.map(({ task_id, result }) => [task_id, result])).toEqual([
      ['e[a]', 0],
      ['e[b]', 1],
      ['e[c]', 2],
    ]);
    expect(taskOf(done, 'n').result!.result).toEqual([1, []]);
    expect(await api.attempts(done.chain_id, 'e')).toEqual([]);
    await post(api, `/chains/${done.chain_id}/retry`, { from: ['e[b]'] });
    const again = await api.ended(done.chain_id);
    expect(again.tasks.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2, 1, 2]);
  });

  check('for_each succeeds with as many instances as it needs, and fails with fewer', async ({ api }) => {
    const of = (at_least: number) =>
      chain([
        task(
          'e',
          {},
          {
            for_each: { items: [0, 9, 0], at_least },
            task_params: { task_config: { fail_attempts: '${item}' } },
          },
        ),
        task('n', {}, { depends_on: ['e'] }),
      ]);
    const done = await api.run(of(2));
    expect(done).toMatchObject({ status: 'SUCCESS', failed_tasks: 1 });
    expect(taskOf(done, 'e').result).toMatchObject([{ task_id: 'e[0]' }, null, { task_id: 'e[2]' }]);
    const end_chain = { when: 'size(tasks.e.result) == 2', status: 'CANCELLED' };
    const ended = await api.run(
      chain([task('e', {}, { for_each: [1, 2], end_chain }), task('n', {}, { depends_on: ['e'] })]),
    );
    expect(ended).toMatchObject({ status: 'CANCELLED', ended_by: 'e', completed_tasks: 3, skipped_tasks: 1 });
    const failed = await api.run(of(3));
    expect(failed).toMatchObject({ status: 'FAILURE', error: { code: 'TOO_FEW_SUCCEEDED' } });
    expect(taskOf(failed, 'n').status).toBe('SKIPPED');
  });

  const list = (items: unknown, for_each: object = {}, config: object = { result: '${item.n}' }, more: object = {}) =>
    chain([
      task('list', { result: { items } }),
      task(
        'e',
        {},
        {
          depends_on: ['list'],
          for_each: { items: '${tasks.list.result.result.items}', ...for_each },
          task_params: { task_config: config },
          ...more,
        },
      ),
      task('n', { result: '${tasks.e.result}' }, { depends_on: ['e'] }),
    ]);
  const childOf = async (api: ApiClient, done: ChainAnswer) => api.chain(taskOf(done, 'e').child_chain_id!);

  check('for_each over a result runs a chain of its instances; one of them runs again alone', async ({ api }) => {
    const items = ['a', 'b', 'c'].map((id, n) => ({ id, n, text: '$${tasks.x.result}$${item}' }));
    const config = { result: ['${item.n}', '${index}', '${item.text}', '${tasks.list.result.task_id} $${item}'] };
    const done = await api.run(list(items, { key: '${item.id}', max_parallel: 2 }, config));
    expect(done).toMatchObject({ status: 'SUCCESS', total_tasks: 3 });
    const results = taskOf(done, 'n').result!.result as { task_id: string; result: unknown }[];
    const text = '${tasks.x.result}${item}';
    expect(results.map(({ task_id, result }) => [task_id, result])).toEqual(
      ['a', 'b', 'c'].map((id, n) => [`e[${id}]`, [n, n, text, 'list ${item}']]),
    );
    const own = await childOf(api, done);
    expect(own.tasks.map(({ task_id, attempt }) => [task_id, attempt])).toEqual(
      ['e[a]', 'e[b]', 'e[c]', 'e'].map((id) => [id, 1]),
    );
    await post(api, `/chains/${done.chain_id}/retry`, { from: ['e[b]'] });
    const again = await api.ended(done.chain_id);
    expect(again.tasks.map(({ task_id, attempt }) => [task_id, attempt])).toEqual([
      ['list', 1],
      ['e', 2],
      ['n', 2],
    ]);
    const same = await childOf(api, again);
    expect([same.chain_id, same.status]).toEqual([own.chain_id, 'SUCCESS']);
    expect(same.tasks.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2]);
    const unknown = await api.call(`/chains/${done.chain_id}/retry`, { method: 'POST', body: { from: ['e[d]'] } });
    expect(unknown.status).toBe(404);
  });

  check('for_each over a result: no items, batches, at_least, and lists that it refuses', async ({ api }) => {
    const came = async (body: object) => {
      const done = await api.run(body);
      const { status, error, result, child_chain_id } = taskOf(done, 'e');
      return { status, code: error?.code, message: error?.message, result: result as unknown, child_chain_id };
    };
    expect(await came(list([]))).toMatchObject({ status: 'SUCCESS', result: [], child_chain_id: null });
    const batches = await came(list([1, 2, 3], { batch: 2 }, { result: '${item}' }));
    expect((batches.result as { result: unknown }[]).map(({ result }) => result)).toEqual([[1, 2], [3]]);
    const flaky = (at_least: number) => list([0, 9, 0], { at_least }, { fail_attempts: '${item}' });
    expect(await came(flaky(0.6))).toMatchObject({ status: 'SUCCESS', result: [{ task_id: 'e[0]' }, null, {}] });
    expect(await came(flaky(3))).toMatchObject({ status: 'FAILURE', code: 'TOO_FEW_SUCCEEDED' });
    const end_chain = { when: 'size(tasks.e.result) == 1', status: 'SUCCESS' };
    expect(await api.run(list([1], {}, {}, { end_chain }))).toMatchObject({ ended_by: 'e', skipped_tasks: 1 });
    const refused = async (body: object, code: string, says: string) =>
      expect(await came(body)).toMatchObject({
        ...{ status: 'FAILURE', code, message: expect.stringContaining(says), child_chain_id: null },
      });
    await refused(list({ a: 1 }), 'NOT_A_LIST', 'an object');
    await refused(list([1, 2, 3], { max_items: 2 }), 'TOO_MANY_ITEMS', '3 items, and max_items is 2');
    await refused(list(Array.from({ length: 101 }, () => ({ n: 1 }))), 'TOO_MANY_ITEMS', 'max_items is 100');
    await refused(list([{ n: 1 }, {}]), 'INVALID_PARAMS', 'e[1] cannot run');
    await refused(list([1, 'x'], {}, { delay_ms: '${item}' }), 'INVALID_PARAMS', 'e[1] cannot run: task_params.task');
    await refused(list(['a', 'a'], { key: '${item}' }, {}), 'INVALID_PARAMS', 'two items have the key "a"');
    await refused(list([1], { at_least: 2 }, {}), 'TOO_FEW_SUCCEEDED', 'there are 1 instances');
  });

  check('max_parallel is never exceeded, and says so', async ({ api }) => {
    const ids = Array.from({ length: 9 }, (_, i) => `t${i}`);
    const flaky = { retry_policy: { max_retries: 1, delay_ms: 50 } };
    const id = await api.start(
      chain(
        ids.map((taskId, i) => task(taskId, { delay_ms: 300, fail_attempts: i === 4 ? 1 : 0 }, flaky)),
        { max_parallel: 2 },
      ),
    );
    const running = await api.untilTask(id, 't0', 'RUNNING');
    expect(taskOf(running, 't8').waiting).toMatchObject({ code: 'MAX_PARALLEL', limit: 2, going: 2 });
    const done = await api.ended(id);
    expect(done.status).toBe('SUCCESS');
    const runs = (await Promise.all(ids.map((taskId) => api.attempts(id, taskId)))).flat();
    expect(runs).toHaveLength(10);
    for (const run of runs) {
      const at = Date.parse(run.started_at) + 1;
      const going = runs.filter((each) => Date.parse(each.started_at) < at && Date.parse(each.finished_at) > at);
      expect(going.length).toBeLessThanOrEqual(2);
    }
  });

  check('conditions decide on statuses and results, also of the same batch', async ({ api }) => {
    const done = await api.run(
      chain(
        [
          task('count-1', { result: { n: 5, ok: true } }),
          task('fails', { fail_attempts: 1 }),
          task('more', {}, { depends_on: ['count-1'], when: 'tasks["count-1"].result.result.n > 3' }),
          task('less', {}, { depends_on: ['count-1'], when: 'tasks["count-1"].result.result.n < 3' }),
          task('after-less', {}, { depends_on: ['less'] }),
          task('edge', {}, { depends_on: [{ task_id: 'count-1', when: 'tasks["count-1"].status == "FAILURE"' }] }),
          task(
            'rescue',
            {},
            {
              depends_on: ['fails', 'count-1'],
              trigger_rule: 'all_done',
              when: 'tasks.fails.status == "FAILURE" && tasks.fails.result == null && chain.name == "test chain"',
            },
          ),
          task('guarded', {}, { depends_on: ['count-1'], when: 'has(tasks["count-1"].result.nope)' }),
          task(
            'far',
            {},
            {
              depends_on: ['more'],
              when: 'tasks["count-1"].result.result.ok && params.task_config.x == 1',
              task_params: { task_config: { delay_ms: 0 } },
            },
          ),
          task(
            'own',
            {},
            { when: 'params.task_config.delay_ms + 1 == 1', task_params: { task_config: { delay_ms: 0 } } },
          ),
        ],
        { stop_on_error: false },
      ),
    );
    const came = Object.fromEntries(
      done.tasks.map(({ task_id, status, skip_reason }) => [task_id, skip_reason ?? status]),
    );
    expect(came).toEqual({
      'count-1': 'SUCCESS',
      fails: 'FAILURE',
      more: 'SUCCESS',
      less: 'CONDITION',
      'after-less': 'UPSTREAM_SKIPPED',
      edge: 'CONDITION',
      rescue: 'SUCCESS',
      guarded: 'CONDITION',
      far: 'FAILURE',
      own: 'SUCCESS',
    });
    expect(taskOf(done, 'far').error).toEqual({
      code: 'INVALID_PARAMS',
      message:
        'its condition "tasks[\\"count-1\\"].result.result.ok && params.task_config.x == 1" cannot be decided: field not found: x: guard it with has()',
    });
    expect(taskOf(done, 'less').attempt).toBe(0);
    expect(await api.attempts(done.chain_id, 'less')).toEqual([]);
    const { items } = await api.expect<{ items: { kind: string; task_id: string; data: object }[] }>(
      200,
      `/chains/${done.chain_id}/events`,
    );
    expect(items.find(({ kind, task_id }) => kind === 'TaskConditionFalse' && task_id === 'less')).toMatchObject({
      data: { condition: 'tasks["count-1"].result.result.n < 3' },
    });
  });

  check('a chain of false conditions comes to its end', async ({ api }) => {
    const tasks = Array.from({ length: 30 }, (_, i) =>
      task(
        `t${i}`,
        {},
        { depends_on: i === 0 ? [] : [`t${i - 1}`], trigger_rule: 'all_done', when: 'chain.type == "x"' },
      ),
    );
    expect(await api.run(chain(tasks))).toMatchObject({ status: 'SUCCESS', skipped_tasks: 30 });
  });

  check('retry_on, never_retry_on and the budget end the tries', async ({ api }) => {
    const tries = (more: object) => ({ retry_policy: { max_retries: 3, delay_ms: 100, ...more } });
    const flaky = { fail_attempts: 9, error_code: 'FLAKY' };
    const done = await api.run(
      chain(
        [
          task('on', flaky, tries({ retry_on: ['FLAKY'] })),
          task('other', flaky, tries({ retry_on: ['TIMEOUT_RUN'] })),
          task('never', flaky, tries({ never_retry_on: ['FLAKY'] })),
          task('budget', flaky, tries({ delay_ms: 5_000, budget_seconds: 8 })),
        ],
        { stop_on_error: false },
      ),
    );
    expect(done.tasks.map(({ task_id, attempt }) => `${task_id} ${attempt}`)).toEqual([
      'on 4',
      'other 1',
      'never 1',
      'budget 2',
    ]);
  });

  check('on_exhausted pause leaves the task to an operator, and resume tries it anew', async ({ api }) => {
    const id = await api.start(
      chain(
        [
          task('fails', { fail_attempts: 2 }, { retry_policy: { max_retries: 1, delay_ms: 0, on_exhausted: 'pause' } }),
          task('after', {}, { depends_on: ['fails'] }),
        ],
        {},
      ),
    );
    const paused = await api.until(id, 'it is PAUSED', ({ status }) => status === 'PAUSED');
    expect(taskOf(paused, 'fails')).toMatchObject({
      status: 'RETRYING',
      failures: 2,
      waiting: { code: 'RETRIES_EXHAUSTED' },
    });
    await post(api, `/chains/${id}/resume`);
    const done = await api.ended(id);
    expect(done.status).toBe('SUCCESS');
    expect(taskOf(done, 'fails')).toMatchObject({ attempt: 3, failures: 0 });
  });
});

describeSystem('a system without workers', 'postgres', { apps: ['api', 'status-listener'] }, (check) => {
  check('says that no worker takes it, and takes the queue time-out', async ({ api }) => {
    const id = await api.start(
      chain(
        [
          task('a', {}, { queue_timeout: 2 }),
          task('b', {}, { queue_timeout: 1, retry_policy: { max_retries: 1, delay_ms: 100 } }),
          task('c', {}, { depends_on: ['a'], queue_timeout: 1 }),
        ],
        { stop_on_error: false },
      ),
    );
    const waiting = await api.chain(id);
    expect(taskOf(waiting, 'a').waiting).toMatchObject({
      code: 'NO_WORKER',
      message: expect.stringContaining('diagnostic'),
    });
    expect(taskOf(waiting, 'c').waiting).toMatchObject({ code: 'WAITING_FOR_PARENTS', parents: ['a'] });
    const done = await api.ended(id);
    expect(done).toMatchObject({ status: 'FAILURE', failed_tasks: 2, skipped_tasks: 1 });
    expect(taskOf(done, 'a')).toMatchObject({ attempt: 0, failures: 1, error: { code: 'TIMEOUT_QUEUE' } });
    expect(taskOf(done, 'b')).toMatchObject({ failures: 2, error: { code: 'TIMEOUT_QUEUE' } });
  });
});

describeSystem('a worker with one slot', 'postgres', { env: { WORKER_CONCURRENCY_DIAGNOSTIC: '1' } }, (check) => {
  check('runs out the queue time-out of a task that was sent at once', async ({ api }) => {
    const done = await api.run(
      chain(
        [
          task('a'),
          task('long', { delay_ms: 6_000 }, { depends_on: ['a'], priority: 9 }),
          task('waits', {}, { depends_on: ['a'], queue_timeout: 1, priority: 1 }),
        ],
        { stop_on_error: false },
      ),
    );
    expect(taskOf(done, 'waits')).toMatchObject({ status: 'FAILURE', error: { code: 'TIMEOUT_QUEUE' } });
    expect(finished(done, 'waits')).toBeLessThan(finished(done, 'long'));
  });

  check('starts the queue time-out anew for a further try, and not for a new priority', async ({ api }) => {
    const again = { retry_policy: { max_retries: 1, delay_ms: 5_000 }, queue_timeout: 4 };
    const flaky = await api.run(chain([task('flaky', { fail_attempts: 1 }, again)]));
    expect(taskOf(flaky, 'flaky')).toMatchObject({ status: 'SUCCESS', attempt: 2 });

    const busy = { delay_ms: 30_000 };
    const last = task('last', {}, { priority: 1, queue_timeout: 2 });
    const id = await api.start(
      chain([task('t1', busy), task('t2', busy), task('t3', busy), last], { stop_on_error: false }),
    );
    for (let tries = 0; taskOf(await api.chain(id), 'last').status === 'READY'; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await api.call(`/chains/${id}/tasks/last/priority`, { method: 'POST', body: { priority: 1 + (tries % 2) } });
    }
    expect(taskOf(await api.chain(id), 'last')).toMatchObject({ status: 'FAILURE', error: { code: 'TIMEOUT_QUEUE' } });
    await post(api, `/chains/${id}/cancel`);
  });

  check('lets the others wait, and says how many come first', async ({ api }) => {
    const ids = Array.from({ length: 6 }, (_, i) => `t${i}`);
    const id = await api.start(chain(ids.map((taskId) => task(taskId, { delay_ms: 3_000 }))));
    const rest = await api.start(chain([task('last', {}, { priority: 1 }), task('sooner', {}, { priority: 4 })]));
    await api.until(id, 'one runs, the queue is full', ({ tasks }) => {
      const count = (status: string) => tasks.filter((each) => each.status === status).length;
      return count('RUNNING') === 1 && count('QUEUED') >= 1;
    });
    const { tasks } = await api.chain(id);
    const waiting = tasks.filter(({ status }) => status === 'READY' || status === 'QUEUED');
    const ahead = waiting.map((each) => (each.waiting as unknown as { ahead: number }).ahead);
    expect(new Set(ahead).size).toBe(ahead.length);
    const others = await api.chain(rest);
    const [last, sooner] = ['last', 'sooner'].map(
      (taskId) => taskOf(others, taskId).waiting as unknown as { code: string; ahead: number; message: string },
    );
    expect(last).toMatchObject({ code: 'WAITING_FOR_ROOM', message: expect.stringContaining('1 slot at the workers') });
    expect(last!.ahead).toBeGreaterThan(sooner!.ahead);
    const detail = await api.expect<{ waiting: { ahead: number } }>(200, `/chains/${rest}/tasks/last`);
    expect(detail.waiting.ahead).toBeGreaterThan(0);
    for (const each of [id, rest]) await post(api, `/chains/${each}/cancel`);
  });
});

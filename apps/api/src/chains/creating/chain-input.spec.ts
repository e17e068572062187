import { describe, expect, it } from '@jest/globals';
import { parseStrictJson } from '#libs/chain-domain';
import { cpuMsOf } from '#libs/testing';
import { readChain } from './chain-input.js';
import type { ChainInput } from './chain-reading.js';
import type { TaskCatalogue } from '../../catalogue/catalogue.js';

const TYPES = ['psi', 'ss_lr', 'train', 'aggregate', 'preprocessing', 'evaluation', 'diagnostic'];
/** A catalogue whose types want `task_config.delay_ms`, where given, to be a number. */
const catalogue: TaskCatalogue = {
  types: TYPES,
  find: (type) =>
    TYPES.includes(type)
      ? {
          takesSecret: (path) => path.join('/') === 'task_config/secret',
          checkParams: (params) => {
            const delay = (params['task_config'] as { delay_ms?: unknown } | undefined)?.delay_ms;
            const fine = delay === undefined || typeof delay === 'number';
            return fine ? [] : [{ pointer: '/task_config/delay_ms', message: 'must be a number' }];
          },
        }
      : undefined,
};

type Body = Record<string, unknown>;
const task = (task_id: string, more: Body = {}): Body => ({
  task_id,
  task_type: 'diagnostic',
  task_params: {},
  ...more,
});
const body = (tasks: unknown, more: Body = {}): Body => ({ chain_name: 'c', tasks, ...more });
const faultsOf = (value: unknown) => {
  const reading = readChain(value, catalogue);
  return reading.ok ? [] : reading.faults.map(({ code, pointer }) => `${code} ${pointer ?? '-'}`);
};
const messagesOf = (value: unknown) => {
  const reading = readChain(value, catalogue);
  return reading.ok ? [] : reading.faults.map(({ message }) => message);
};
const chainOf = (value: unknown): ChainInput => {
  const reading = readChain(value, catalogue);
  if (!reading.ok) throw new Error(JSON.stringify(reading.faults));
  return reading.chain;
};
const edgesOf = (value: unknown) =>
  chainOf(value).tasks.map(({ taskId, dependsOn }) => `${taskId}:${dependsOn.map((edge) => edge.taskId)}`);

describe('a chain', () => {
  it('is read with all its defaults', () => {
    const { plan, config, children, ...chain } = chainOf(body([task('a')]));
    expect(children.size).toBe(0);
    expect(config).toEqual(body([task('a')]));
    const retryPolicy = {
      maxRetries: 0,
      retryOnFailure: true,
      backoff: 'fixed',
      delayMs: 1000,
      maxDelayMs: 300000,
      jitter: false,
    };
    expect(plan.chainType).toBe('sequential');
    expect(chain).toEqual({
      chainName: 'c',
      description: null,
      metadata: {},
      labels: {},
      execute: false,
      outputs: null,
      treeSize: 1,
      childTasks: 0,
      options: {
        retryPolicy,
        timeoutSeconds: 7200,
        approvalTimeoutSeconds: 604_800,
        priority: 5,
        stopOnError: true,
        maxParallel: null,
        concurrency: null,
      },
      tasks: [
        {
          position: 0,
          taskId: 'a',
          taskName: 'a',
          taskType: 'diagnostic',
          executionMode: 'sequential',
          dependsOn: [],
          isCallback: false,
          params: {},
          retryPolicy,
          timeoutSeconds: null,
          priority: 5,
          triggerRule: 'all_success',
          tolerable: false,
          endChain: null,
          concurrency: null,
          queueTimeoutSeconds: null,
          conditions: [],
          conditionTasks: [],
        },
      ],
    });
  });

  it('of the design, section 3.2, is read', () => {
    const node = (id: string, type: string, mode: string, depends_on: string[], more: Body = {}) =>
      task(id, { task_name: id, task_type: type, execution_mode: mode, depends_on, ...more });
    const { tasks, options, plan } = chainOf(
      body(
        [
          node('task-001', 'psi', 'sequential', []),
          node('task-002', 'train', 'parallel', ['task-001']),
          node('task-003', 'train', 'parallel', ['task-001']),
          node('task-004', 'aggregate', 'sequential', ['task-002', 'task-003'], {
            callback_for: ['task-002', 'task-003'],
          }),
        ],
        {
          chain_name: '联邦学习训练流程',
          description: '数据准备 -> 并行训练 -> 模型聚合 -> 验证',
          options: {
            retry_policy: { max_retries: 3, retry_on_failure: true },
            timeout: 7200,
            priority: 'high',
            stop_on_error: true,
          },
        },
      ),
    );
    expect(plan.chainType).toBe('complex');
    expect(options.priority).toBe(7);
    expect(tasks[3]).toMatchObject({ isCallback: true, retryPolicy: { maxRetries: 3 }, priority: 7 });
    expect(tasks[3]?.dependsOn.map(({ taskId }) => taskId)).toEqual(['task-002', 'task-003']);
  });

  it('follows its list where depends_on is not given', () => {
    const parallel = { execution_mode: 'parallel' };
    expect(
      edgesOf(body([task('a'), task('b'), task('c', parallel), task('d', { depends_on: [] }), task('e')])),
    ).toEqual(['a:', 'b:a', 'c:', 'd:', 'e:d']);
  });

  it('merges callback_for into depends_on', () => {
    const free = { depends_on: [] };
    const tasks = (last: Body) => body([task('a', free), task('b', free), task('c', last)]);
    expect(edgesOf(tasks({ callback_for: ['b', 'a'] })).at(-1)).toBe('c:b,a');
    expect(edgesOf(tasks({ depends_on: ['b'], callback_for: ['a', 'b'] })).at(-1)).toBe('c:b,a');
    expect(chainOf(tasks({ callback_for: ['b', 'a'] })).tasks[2]?.isCallback).toBe(true);
    expect(chainOf(tasks({ callback_for: ['b', 'a'] })).plan.chainType).toBe('chord');
    expect(faultsOf(tasks({ depends_on: ['b'], callback_for: ['b', 'x', 'x'] }))).toEqual([
      'MISSING_DEPENDENCY /tasks/2/callback_for/1',
      'DUPLICATE_DEPENDENCY /tasks/2/callback_for/2',
    ]);
  });

  it('lets a task override the options field by field', () => {
    const options = { retry_policy: { max_retries: 2, delay_ms: 600_000 }, priority: 3 };
    const own = {
      retry_policy: { max_retries: 5, backoff: 'exponential' },
      timeout: 9,
      priority: 'critical',
      trigger_rule: 'all_done',
    };
    const { tasks } = chainOf(body([task('a'), task('b', own)], { options, execute: true, metadata: { k: [1] } }));
    expect(tasks[0]).toMatchObject({
      retryPolicy: { maxRetries: 2, delayMs: 600_000, maxDelayMs: 600_000 },
      priority: 3,
    });
    expect(tasks[1]).toMatchObject({
      retryPolicy: { maxRetries: 5, backoff: 'exponential', delayMs: 600_000 },
      timeoutSeconds: 9,
      priority: 9,
      triggerRule: 'all_done',
    });
  });

  it('keeps the type of each dependency', () => {
    const [, b] = chainOf(
      body([task('a'), task('b', { depends_on: [{ task_id: 'a', dependency_type: 'data' }] })]),
    ).tasks;
    expect(b?.dependsOn).toEqual([{ taskId: 'a', dependencyType: 'data', when: null }]);
  });

  it('says how failures, limits and waiting are dealt with', () => {
    const retry_policy = {
      max_retries: 3,
      retry_on: ['TASK_ERROR'],
      never_retry_on: ['RESULT_TOO_LARGE'],
      budget_seconds: 60,
      on_exhausted: 'pause',
    };
    const { options, tasks } = chainOf(
      body([task('a'), task('b', { tolerable: true, queue_timeout: 5, retry_policy: { on_exhausted: 'fail' } })], {
        options: { max_parallel: 2, queue_timeout: 30, retry_policy },
      }),
    );
    expect(options.maxParallel).toBe(2);
    expect(tasks[0]).toMatchObject({
      tolerable: false,
      concurrency: null,
      queueTimeoutSeconds: 30,
      retryPolicy: {
        maxRetries: 3,
        retryOn: ['TASK_ERROR'],
        neverRetryOn: ['RESULT_TOO_LARGE'],
        budgetMs: 60_000,
        onExhausted: 'pause',
      },
    });
    expect(tasks[1]).toMatchObject({ tolerable: true, queueTimeoutSeconds: 5 });
    expect(tasks[1]?.retryPolicy).toMatchObject({ maxRetries: 3, retryOn: ['TASK_ERROR'], onExhausted: 'fail' });
  });

  it('ends chains by conditions that may name the task itself', () => {
    const end = (when: string) => ({ end_chain: { when, status: 'FAILURE' } });
    const own = end('tasks.b.result.n > tasks.a.result.n');
    const { tasks } = chainOf(body([task('a'), task('b', own)]));
    expect(tasks[1]).toMatchObject({ endChain: own.end_chain, conditions: [], conditionTasks: ['a'] });
    const wrong = [task('a', end('tasks.b.result.n > 1')), task('b', end('1 +')), task('c', end('tasks.x.result'))];
    expect(faultsOf(body(wrong))).toEqual([
      'REFERENCE_NOT_ANCESTOR /tasks/0/end_chain/when',
      'INVALID_CONDITION /tasks/1/end_chain/when',
      'REFERENCE_UNKNOWN_TASK /tasks/2/end_chain/when',
    ]);
  });

  it('has quorums and conditions', () => {
    const when = 'tasks.a.result.n > 1';
    const [, , c] = chainOf(
      body([
        task('a', { depends_on: [] }),
        task('b', { depends_on: [] }),
        task('c', {
          depends_on: [
            { task_id: 'a', when },
            { task_id: 'b', dependency_type: 'data', when: 'tasks["b"].status == "SUCCESS"' },
          ],
          trigger_rule: { at_least: 1 },
          when,
        }),
      ]),
    ).tasks;
    expect(c).toMatchObject({
      triggerRule: { at_least: 1 },
      conditions: [when, 'tasks["b"].status == "SUCCESS"'],
      conditionTasks: ['a', 'b'],
    });
    expect(c?.dependsOn).toEqual([
      { taskId: 'a', dependencyType: 'condition', when },
      { taskId: 'b', dependencyType: 'data', when: 'tasks["b"].status == "SUCCESS"' },
    ]);
  });
});

describe('a body is refused', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => task(`t${i}`, { depends_on: [] }));
  for (const [name, value, ...expected] of [
    ['that is null', null, 'INVALID_TYPE '],
    ['that is a list', [], 'INVALID_TYPE '],
    ['that is empty', {}, 'REQUIRED /chain_name', 'REQUIRED /tasks'],
    [
      'with wrong types',
      { chain_name: 1, tasks: {}, options: [] },
      'INVALID_TYPE /chain_name',
      'INVALID_TYPE /tasks',
      'INVALID_TYPE /options',
    ],
    ['with null for a field', body([task('a', { depends_on: null })]), 'INVALID_TYPE /tasks/0/depends_on'],
    [
      'with unknown fields',
      body([task('a', { 'x/y': 1 })], { chain_id: 'c', foo: 1 }),
      'UNKNOWN_FIELD /chain_id',
      'UNKNOWN_FIELD /foo',
      'UNKNOWN_FIELD /tasks/0/x~1y',
    ],
    ['without tasks', body([]), 'NO_TASKS /tasks'],
    ['with 10,001 tasks', body(many(10_001)), 'TOO_MANY_TASKS /tasks'],
    [
      'with tasks that are none',
      body([1, null, []]),
      'INVALID_TYPE /tasks/0',
      'INVALID_TYPE /tasks/1',
      'INVALID_TYPE /tasks/2',
    ],
    [
      'with a task without its fields',
      body([{}]),
      'REQUIRED /tasks/0/task_id',
      'REQUIRED /tasks/0/task_type',
      'REQUIRED /tasks/0/task_params',
    ],
    [
      'with a bad task id',
      body([task('a b'), task('x'.repeat(65))]),
      'INVALID_FORMAT /tasks/0/task_id',
      'OUT_OF_RANGE /tasks/1/task_id',
    ],
    ['with a long name', body([task('a')], { chain_name: 'x'.repeat(256) }), 'OUT_OF_RANGE /chain_name'],
    [
      'with bad dependencies',
      body([task('a', { depends_on: [1, { id: 'x' }] })]),
      'INVALID_TYPE /tasks/0/depends_on/0',
      'REQUIRED /tasks/0/depends_on/1/task_id',
      'UNKNOWN_FIELD /tasks/0/depends_on/1/id',
    ],
    [
      'with a bad retry policy',
      body([task('a', { retry_policy: { max_retries: 101, delay_ms: -1, backoff: 'x' } })]),
      'OUT_OF_RANGE /tasks/0/retry_policy/max_retries',
      'INVALID_VALUE /tasks/0/retry_policy/backoff',
      'OUT_OF_RANGE /tasks/0/retry_policy/delay_ms',
    ],
    [
      'with bad options',
      body([task('a')], { options: { priority: 11, timeout: 0, stop_on_error: 'yes' } }),
      'OUT_OF_RANGE /options/timeout',
      'INVALID_VALUE /options/priority',
      'INVALID_TYPE /options/stop_on_error',
    ],
    ['with a fractional timeout', body([task('a', { timeout: 1.5 })]), 'INVALID_TYPE /tasks/0/timeout'],
    ['with duplicate ids', body([task('a'), task('a')]), 'DUPLICATE_TASK_ID /tasks/1/task_id'],
    [
      'with a missing dependency',
      body([task('a', { depends_on: ['zz'] })]),
      'MISSING_DEPENDENCY /tasks/0/depends_on/0',
    ],
    ['with a self-dependency', body([task('a', { depends_on: ['a'] })]), 'SELF_DEPENDENCY /tasks/0/depends_on/0'],
    [
      'with a dependency named twice',
      body([task('a'), task('b', { depends_on: ['a', { task_id: 'a' }] })]),
      'DUPLICATE_DEPENDENCY /tasks/1/depends_on/1',
    ],
    [
      'with a cycle',
      body([task('a', { depends_on: ['c'] }), task('b', { depends_on: ['a'] }), task('c', { depends_on: ['b'] })]),
      'CYCLE /tasks/0/depends_on/0',
    ],
    [
      'with a cycle through the order of the list',
      body([task('a', { depends_on: ['b'] }), task('b')]),
      'CYCLE /tasks/0/depends_on/0',
    ],
    ['with an unknown type', body([task('a', { task_type: 'pis' })]), 'UNKNOWN_TASK_TYPE /tasks/0/task_type'],
    [
      'with bad parameters',
      body([task('a', { task_params: { task_config: { delay_ms: 'x' } } })]),
      'INVALID_PARAMS /tasks/0/task_params/task_config/delay_ms',
    ],
  ] as [string, unknown, ...string[]][]) {
    it(name, () => expect(faultsOf(value)).toEqual(expected));
  }

  it('with all its faults at once', () => {
    const bad = body(
      [
        task('a', { depends_on: ['b'], colour: 'red' }),
        task('b', { depends_on: ['a', 'zz'], when: 'true &&' }),
        task('c', { task_type: 'nope', task_params: { x: '${foo}', y: '${tasks.zz.result}' } }),
      ],
      { chain_name: '' },
    );
    expect(faultsOf(bad)).toEqual([
      'OUT_OF_RANGE /chain_name',
      'UNKNOWN_FIELD /tasks/0/colour',
      'MISSING_DEPENDENCY /tasks/1/depends_on/1',
      'CYCLE /tasks/0/depends_on/0',
      'UNKNOWN_TASK_TYPE /tasks/2/task_type',
      'UNKNOWN_REFERENCE /tasks/2/task_params/x',
      'REFERENCE_UNKNOWN_TASK /tasks/2/task_params/y',
      'INVALID_CONDITION /tasks/1/when',
    ]);
  });

  it('with messages that name the task and what to do', () => {
    expect(
      messagesOf(
        body(
          [
            task('a', { timeout: 0, priority: 'urgent', task_type: 'agregate', task_name: 5 }),
            task('b', { depends_on: [{ task_id: 'c' }] }),
            task('c', { depends_on: ['b'], task_type: 'quite-unknown' }),
          ],
          { created_by: 'me' },
        ),
      ),
    ).toEqual([
      'created_by is given by the server: leave it out.',
      'Task "a": task_name must be a text.',
      'Task "a": timeout must be 1 or more.',
      'Task "a": priority must be one of low, normal, high, critical, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10.',
      'These tasks wait for each other in a cycle: "b" -> "c" -> "b".',
      'Task "a": There is no task type "agregate". Did you mean "aggregate"?',
      'Task "c": There is no task type "quite-unknown". There are aggregate, diagnostic, evaluation, preprocessing, psi, ss_lr, train.',
    ]);
  });

  it('with the fields that there are, and what a component of SecretFlow is called here, once', () => {
    const value = body(
      [
        task('a', { task_type: 'ss_sgd_train', depend_on: [] }),
        task('b', { task_type: 'ml.train/ss_sgd_train' }),
        task('c', { task_type: 'quite-unknown' }),
        task('d', { task_type: 'unknown-too' }),
        task('e', { task_params: { task_config: { delay_ms: 'soon' } } }),
        task('f', { trigger_rule: { atleast: 1 } }),
      ],
      { metdata: {} },
    );
    expect(messagesOf(value)).toEqual([
      'metdata is not a known field: there are chain_name, description, tasks, options, params, args, outputs, metadata, labels, execute.',
      expect.stringMatching(/^Task "a": depend_on is not a known field: there are task_id, task_name, task_type, /),
      'Task "f": trigger_rule.at_least is missing.',
      'Task "f": trigger_rule.atleast is not a known field: there are at_least.',
      'Task "a": There is no task type "ss_sgd_train". Here it is "ss_lr".',
      'Task "b": There is no task type "ml.train/ss_sgd_train".',
      'Task "c": There is no task type "quite-unknown". There are aggregate, diagnostic, evaluation, preprocessing, psi, ss_lr, train.',
      'Task "d": There is no task type "unknown-too".',
      'Task "e": task_config.delay_ms must be a number.',
    ]);
  });

  it('where a task names an artifact of another chain', () => {
    const params = {
      task_config: { input_paths: { alice: 'artifact:chain-1/psi/alice/out.csv', bob: 'artifact:out' } },
    };
    const open = { task_config: { x: 'artifact:${tasks.a.result.x}/b/c', y: 'see artifact:a/b/c' } };
    const tasks = [task('a', { task_params: params }), task('b', { task_type: 'psi', task_params: params })];
    expect(faultsOf(body([...tasks, task('c', { task_type: 'psi', task_params: open })]))).toEqual([
      'ARTIFACT_OF_OTHER_CHAIN /tasks/1/task_params/task_config/input_paths/alice',
    ]);
    expect(messagesOf(body(tasks))[0]).toContain('Task "b": task_config.input_paths.alice names an artifact');
  });

  it('with at most 100 faults and a count', () => {
    const faults = messagesOf(body(Array.from({ length: 500 }, () => ({}))));
    expect(faults).toHaveLength(101);
    expect(faults.at(-1)).toMatch(/^\.\.\. and at least \d+ more\.$/);
  });

  it('for trigger rules that cannot be', () => {
    const value = body([
      task('a', { trigger_rule: { at_least: 1 } }),
      task('b', { trigger_rule: 'all_sucess' }),
      task('c', { trigger_rule: { at_least: 0 } }),
      task('d', { trigger_rule: { at_least: 2 } }),
    ]);
    expect(faultsOf(value)).toEqual([
      'OUT_OF_RANGE /tasks/2/trigger_rule/at_least',
      'OUT_OF_RANGE /tasks/0/trigger_rule/at_least',
      'INVALID_VALUE /tasks/1/trigger_rule',
      'OUT_OF_RANGE /tasks/3/trigger_rule/at_least',
    ]);
    expect(messagesOf(value).slice(2)).toEqual([
      'Task "b": There is no trigger rule "all_sucess". There are all_success, all_done, all_failed, one_success, one_failed, none_failed, none_failed_min_one_success, always and {"at_least": k}.',
      'Task "d": trigger_rule.at_least is 2, and the task waits for 1 task.',
    ]);
  });

  it('for limits out of range', () => {
    const retry_policy = { retry_on: ['task_error'], never_retry_on: 'X', budget_seconds: 0, on_exhausted: 'stop' };
    const value = body([task('a', { retry_policy, queue_timeout: 0 })], { options: { max_parallel: 10_001 } });
    expect(faultsOf(value)).toEqual([
      'OUT_OF_RANGE /options/max_parallel',
      'INVALID_FORMAT /tasks/0/retry_policy/retry_on/0',
      'INVALID_TYPE /tasks/0/retry_policy/never_retry_on',
      'OUT_OF_RANGE /tasks/0/retry_policy/budget_seconds',
      'INVALID_VALUE /tasks/0/retry_policy/on_exhausted',
      'OUT_OF_RANGE /tasks/0/queue_timeout',
    ]);
    expect(messagesOf(value)[1]).toBe('Task "a": retry_policy.retry_on.0 must be a code such as TASK_ERROR.');
  });

  it('for conditions that cannot be', () => {
    const value = body([
      task('a', { depends_on: [] }),
      task('b', { depends_on: [{ task_id: 'a', dependency_type: 'condition' }], when: 'tasks.a.status = "SUCCESS"' }),
      task('c', { depends_on: [{ task_id: 'a', when: 'tasks.b.status == "SUCCESS" && tasks.z.result.x' }] }),
      task('d', { depends_on: [], when: 'x'.repeat(2_001) }),
      task('e', { depends_on: [], when: 'result.ok' }),
      task('f', {
        depends_on: ['a'],
        when: 'tasks.a.status == "SUCCESS"',
      }),
    ]);
    expect(faultsOf(value)).toEqual([
      'OUT_OF_RANGE /tasks/3/when',
      'REQUIRED /tasks/1/depends_on/0/when',
      'INVALID_CONDITION /tasks/1/when',
      'REFERENCE_NOT_ANCESTOR /tasks/2/depends_on/0/when',
      'REFERENCE_UNKNOWN_TASK /tasks/2/depends_on/0/when',
      'INVALID_CONDITION /tasks/4/when',
    ]);
    expect(messagesOf(value)[2]).toBe(
      'Task "b": the condition is not valid: syntax error at line 1, column 16: it cannot be read from "= \\"SUCCESS\\"" on.',
    );
  });

  it('for more conditions than can be read', () => {
    const many = Array.from({ length: 33 }, (_, i) => ({ task_id: `t${i}`, when: `params.x == ${i}` }));
    const parents = many.map(({ task_id }) => task(task_id, { depends_on: [] }));
    expect(faultsOf(body([...parents, task('z', { depends_on: many })]))).toEqual(['TOO_MANY_CONDITIONS /tasks/33']);
    const long = Array.from({ length: 100 }, (_, i) =>
      task(`t${i}`, { depends_on: [], when: `params.x == "${String(i).padEnd(1_500)}"` }),
    );
    expect(faultsOf(body(long))).toEqual(['TOO_MANY_CONDITIONS /tasks/66/when']);
  });
});

describe('references', () => {
  const referring = (text: string, more: Body = {}) =>
    task('z', { task_params: { task_config: { delay_ms: text } }, ...more });

  it('lead to ancestors only', () => {
    const tasks = (last: Body) => body([task('a'), task('b'), task('side', { depends_on: [] }), last]);
    expect(faultsOf(tasks(referring('${tasks.a.result.x}', { depends_on: ['b'] })))).toEqual([]);
    expect(faultsOf(tasks(referring('${tasks.side.result} ${tasks.z.result}', { depends_on: ['b'] })))).toEqual([
      'REFERENCE_NOT_ANCESTOR /tasks/3/task_params/task_config/delay_ms',
      'REFERENCE_NOT_ANCESTOR /tasks/3/task_params/task_config/delay_ms',
    ]);
    expect(messagesOf(tasks(referring('${tasks.side.result}', { depends_on: ['b'] })))).toEqual([
      'Task "z": "${tasks.side.result}" refers to task "side", and that task does not have to be done before this one: add it to depends_on.',
    ]);
  });
});

describe('through the strict parser', () => {
  const read = (text: string) => {
    const parsed = parseStrictJson(Buffer.from(text));
    return parsed.ok ? faultsOf(parsed.value) : parsed.faults.map(({ code }) => code);
  };
  const withParams = (params: string) =>
    `{"chain_name":"c","tasks":[{"task_id":"a","task_type":"psi","task_params":${params}}]}`;
  const nested = (levels: number) => `{"x":${'['.repeat(levels - 4)}${']'.repeat(levels - 4)}}`;

  it('nests 64 levels and not 65', () => {
    expect(read(withParams(nested(64)))).toEqual([]);
    expect(read(withParams(nested(65)))).toEqual(['TOO_DEEP']);
  });
  it('holds no NUL, prototype key or lone surrogate', () => {
    expect(read(withParams('{"x":"\\u0000"}'))).toEqual(['NUL_CHARACTER']);
    expect(read(withParams('{"__proto__":{"task_config":1}}'))).toEqual(['FORBIDDEN_KEY']);
    expect(read(withParams('{"x":"\\ud800"}'))).toEqual(['LONE_SURROGATE']);
  });
});

describe('a body', () => {
  const wide = Array.from({ length: 10_000 }, (_, i) => {
    const before = Array.from({ length: 10 }, (_, k) => i - 1 - k * 7).filter((d) => d >= 0);
    const params = i === 0 ? {} : { task_config: { note: `\${tasks.task-${Math.max(0, i - 15)}.result.x}` } };
    return task(`task-${i}`, { depends_on: before.map((d) => `task-${d}`), task_params: params });
  });
  const ids = Array.from({ length: 10_000 }, (_, i) => `t${i}`);
  const bodies = {
    'of 10,000 tasks, 100,000 edges, 10,000 references': body(wide),
    'of 10,000 tasks and a cycle': body([task('task-0', { depends_on: ['task-9999'] }), ...wide.slice(1)]),
    'with a million unknown fields': Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`k${i}`, 1])),
    'of five million bad dependencies': body(ids.map((id) => task(id, { depends_on: Array(500).fill(1) }))),
    'of one task with a million bad dependencies': body([task('a', { depends_on: Array(1_000_000).fill(1) })]),
    'of options with 700,000 unknown fields': body([task('a')], {
      options: Object.fromEntries(Array.from({ length: 700_000 }, (_, i) => [`k${i}`, 1])),
    }),
    'of 10,000 unknown types': body(ids.map((id) => task(id, { task_type: `type-${id}` }))),
    'of 10,000 tasks with one condition, and 2,000 with one each': body(
      ids.map((id, i) => task(id, i === 0 ? {} : { when: `tasks.t0.result.n > ${i < 2_000 ? i : 1}` })),
    ),
    'of 500,000 false references': body([
      task('a', { task_params: { x: Array(500_000).fill('${tasks.x.result} ${y}') } }),
    ]),
  };
  for (const [name, value] of Object.entries(bodies)) {
    it(`${name} is fast`, () => {
      expect(cpuMsOf(() => readChain(value, catalogue))).toBeLessThan(3000);
    });
  }
});

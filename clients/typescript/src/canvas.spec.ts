import { describe, expect, it } from '@jest/globals';
import { plan } from '#libs/dag-planner';
import { branch, chain, chord, group, index, item, param, signOff, signal, subchain, task, wait } from './canvas.js';

const named = (id: string) => task('diagnostic').as(id);
const [a, b, c, d, e, f] = [named('a'), named('b'), named('c'), named('d'), named('e'), named('f')];
const edges = (step: ReturnType<typeof chain>) =>
  step.build('x').tasks.map(({ task_id, depends_on }) => `${task_id}<${depends_on!.join('')}`);
const typeOf = (step: ReturnType<typeof chain>) => {
  const nodes = step
    .build('x')
    .tasks.map(({ task_id, depends_on }) => ({ id: task_id, dependsOn: depends_on as string[] }));
  const planned = plan(nodes);
  return planned.ok ? planned.plan.chainType : planned.faults;
};

describe('the words of the builder', () => {
  it('mean what they mean in Celery', () => {
    expect(edges(chain(a, group(b, c), d))).toEqual(['a<', 'b<a', 'c<a', 'd<bc']);
    expect(edges(chain(a, chord([b, chain(c, d)], e), f))).toEqual(['a<', 'b<a', 'c<a', 'd<c', 'e<bd', 'f<e']);
    expect(edges(group(chain(a, b), chain(c, d)))).toEqual(['a<', 'b<a', 'c<', 'd<c']);
    expect(edges(chain(group(a, b), group(c, d)))).toEqual(['a<', 'b<', 'c<ab', 'd<ab']);
  });

  it('make the types of chains that they are called after', () => {
    expect(typeOf(chain(a, b, c))).toBe('sequential');
    expect(typeOf(group(a, b, c))).toBe('parallel');
    expect(typeOf(chord([a, b], c))).toBe('chord');
    expect(typeOf(chain(a, group(b, c), d))).toBe('complex');
  });

  it('write references to parameters', () => {
    expect([param('keys'), param('keys', '[0]'), param('limits', 'low')]).toEqual([
      '${params.keys}',
      '${params.keys[0]}',
      '${params.limits.low}',
    ]);
  });

  it('write control tasks', () => {
    expect(signal('file-arrived', 'a', { timeout: 60 }).build('x').tasks).toMatchObject([
      {
        task_id: 'signal-1',
        task_type: 'signal',
        task_params: { task_config: { name: 'file-arrived', key: 'a', timeout: 60 } },
      },
    ]);
    expect(signOff('May it?', ['role:admin']).build('x').tasks).toMatchObject([
      { task_type: 'sign_off', task_params: { task_config: { question: 'May it?', who: ['role:admin'] } } },
    ]);
    expect(chain(wait(60), wait({ until: '${tasks.a.result.at}' })).build('x').tasks).toMatchObject([
      { task_id: 'wait-1', task_type: 'wait', task_params: { task_config: { seconds: 60 } } },
      { task_id: 'wait-2', task_params: { task_config: { until: '${tasks.a.result.at}' } } },
    ]);
  });

  it('branch to the first tasks of each arm, and go on after the last ones', () => {
    const arms = [
      { when: 'tasks.a.result.n > 1', then: chain(b, c) },
      { when: 'tasks.a.result.n > 0', then: group(d, e) },
    ];
    const join = f.trigger('none_failed_min_one_success');
    const step = chain(branch(a, arms, named('g')), join);
    expect(edges(step)).toEqual(['a<', 'b<a', 'c<b', 'd<a', 'e<a', 'g<a', 'f<cdeg']);
    expect(step.build('x').tasks[0]!.branch).toEqual([
      { when: 'tasks.a.result.n > 1', then: ['b'] },
      { when: 'tasks.a.result.n > 0', then: ['d', 'e'] },
      { else: ['g'] },
    ]);
    expect(branch(a, arms).build('x').tasks[0]!.branch).toHaveLength(2);
    expect(() => branch(a, [])).toThrow('at least one arm');
  });

  it('put a chain into a task, written out or of a template', () => {
    const inner = chain(wait(1)).build('inner');
    expect(chain(subchain(inner, { n: 1 }), subchain({ template: 't', version: 2 })).build('x').tasks).toMatchObject([
      { task_id: 'chain-1', task_type: 'chain', task_params: { task_config: { chain: inner, args: { n: 1 } } } },
      { task_id: 'chain-2', task_params: { task_config: { template: 't', version: 2 } } },
    ]);
    const loop = subchain(inner)
      .as('a')
      .repeat('tasks.a.result.n > 1', 3, { carry: { n: 'n' } });
    expect(loop.build('x').tasks[0]!.repeat).toEqual({ until: 'tasks.a.result.n > 1', max: 3, carry: { n: 'n' } });
  });

  it('run a task for each item of a list that a task gives', () => {
    const list = task('http', {}).as('list');
    const each = task('train', { file: item('path'), at: index })
      .as('train')
      .forEach(list.result('files'), { max_items: 9 });
    expect(chain(list, each).build('x').tasks[1]).toMatchObject({
      for_each: { items: '${tasks.list.result.files}', max_items: 9 },
      task_params: { file: '${item.path}', at: '${index}' },
      depends_on: ['list'],
    });
  });

  it('write all settings of a task', () => {
    const params = { task_config: { delay_ms: 1 } };
    const first = task('psi', params)
      .as('intersect')
      .named('PSI求交')
      .retry({ max_retries: 2, backoff: 'exponential' });
    const second = task('report', {
      task_config: { rows: first.result('rows'), all: first.result(), one: first.result('[0].x') },
    })
      .when('tasks.intersect.result.rows > 10')
      .trigger({ at_least: 1 })
      .retry(3)
      .timeout(60)
      .queueTimeout(30)
      .priority('high')
      .endChain('tasks.a.result.n < 1', 'SUCCESS', 'none')
      .compensateWith('http', params, { timeout: 5 })
      .tolerable();
    const settings = { description: 'd', options: { stop_on_error: false }, metadata: { a: 1 }, execute: true };
    expect(chain(first, second).build('name', settings)).toEqual({
      chain_name: 'name',
      ...settings,
      tasks: [
        {
          task_id: 'intersect',
          task_type: 'psi',
          task_params: params,
          task_name: 'PSI求交',
          retry_policy: { max_retries: 2, backoff: 'exponential' },
          depends_on: [],
        },
        {
          task_id: 'report-1',
          task_type: 'report',
          task_params: {
            task_config: {
              rows: '${tasks.intersect.result.rows}',
              all: '${tasks.intersect.result}',
              one: '${tasks.intersect.result[0].x}',
            },
          },
          when: 'tasks.intersect.result.rows > 10',
          trigger_rule: { at_least: 1 },
          retry_policy: { max_retries: 3 },
          timeout: 60,
          compensate_with: { task_type: 'http', task_params: params, timeout: 5 },
          end_chain: { when: 'tasks.a.result.n < 1', status: 'SUCCESS', message: 'none' },
          queue_timeout: 30,
          priority: 'high',
          tolerable: true,
          depends_on: ['intersect'],
        },
      ],
    });
  });

  it('take further edges', () => {
    const conditional = { task_id: 'b', when: 'tasks.b.status == "SUCCESS"' };
    expect(chain(a, group(b, c), d.after(a, conditional)).build('x').tasks.at(-1)!.depends_on).toEqual([
      'c',
      'a',
      conditional,
    ]);
  });

  it('name tasks without ids apart, and from the named ones', () => {
    const plain = task('psi');
    const { tasks } = chain(plain, plain, task('psi').as('psi-2'), task('report')).build('x');
    expect(tasks.map(({ task_id }) => task_id)).toEqual(['psi-1', 'psi-3', 'psi-2', 'report-1']);
    expect(tasks.map(({ depends_on }) => depends_on)).toEqual([[], ['psi-1'], ['psi-3'], ['psi-2']]);
  });

  it('leave a step as it was', () => {
    const before = group(a).build('x');
    a.retry(3).timeout(1).after(b);
    expect(group(a).build('x')).toEqual(before);
  });

  it('refuse what would be no chain', () => {
    expect(() => chain()).toThrow('A chain has at least one step.');
    expect(() => group()).toThrow('A group has at least one step.');
    expect(() => chord([], a)).toThrow('A chord has at least one step.');
    expect(() => chain(a, a).build('x')).toThrow('Two tasks are called "a".');
    expect(() => task('psi').result('rows')).toThrow("Give the psi task an id first: task(…).as('…').");
  });
});

import { describe, expect, it } from '@jest/globals';
import { fills } from './bounds.js';
import { baseIdOf, coveringOf, coversSource, misuseOf, originOf, type Covering } from './standing.js';
import type { CoveredTask, HoleBounds, StandingStatement } from './statements.js';
import type { TaskStatement } from './task-statement.js';

const NOW = '2026-11-27T12:00:00.000Z';
const HASH = (letter: string): string => `sha256:${letter.repeat(64)}`;
const CONFIG = { input_data: { alice: 'dataset:alice/customers@1' }, params: { epochs: 3, 'a/b': ['x'] } };
const paramsOf = (task_config: object, more: object = {}) => ({
  ...{ sf_init_config: { parties: ['alice', 'bob'] }, task_config },
  ...more,
});

const task = (more: Partial<TaskStatement> = {}, config: object = CONFIG): TaskStatement => ({
  chain_id: 'chain-1',
  task_id: 'train[3]',
  task_type: 'ss_lr',
  proposer: 'bob',
  params: paramsOf(config) as never,
  from: {},
  ...more,
});
const covered = (more: Partial<CoveredTask> = {}): CoveredTask => ({
  task_id: 'train',
  task_type: 'ss_lr',
  params: paramsOf(CONFIG) as never,
  holes: {},
  from: {},
  uses: 2,
  ...more,
});
const standing = (more: Partial<StandingStatement> = {}, ...tasks: Partial<CoveredTask>[]): StandingStatement => ({
  kind: 'standing',
  party: 'alice',
  name: 'nightly',
  serial: 7,
  issued_at: '2026-11-01T00:00:00Z',
  expires_at: '2026-12-01T00:00:00Z',
  decision: 'approve',
  origin: 'chain:chain-1',
  proposer: 'bob',
  tasks: tasks.length > 0 ? tasks.map(covered) : [covered()],
  ...more,
});
const misfit = (of: StandingStatement, given: TaskStatement): string | undefined => {
  const found = coveringOf(of, given);
  return 'misfit' in found ? found.misfit : undefined;
};
const covering = (of: StandingStatement = standing(), given = task()): Covering => {
  const found = coveringOf(of, given);
  if ('misfit' in found) throw new Error(found.misfit);
  return found;
};

describe('a standing approval', () => {
  it('covers instances of its task in its whole, and names which', () => {
    expect(covering().key).toBe('standing:alice/nightly 7 0');
    expect(covering(standing({}, { task_id: 'other' }, {})).key).toBe('standing:alice/nightly 7 1');
    expect(misfit(standing(), task({ task_id: 'train' }))).toBeUndefined();
    const origin = 'schedule:schedule-1';
    expect(misfit(standing({ origin }), task({ origin, chain_id: 'chain-9' }))).toBeUndefined();
    expect([originOf(task()), originOf(task({ origin })), baseIdOf('a[b.c]')]).toEqual(['chain:chain-1', origin, 'a']);
  });

  it.each<[string, StandingStatement, TaskStatement]>([
    ['withdrawn', standing({ decision: 'withdraw' }), task()],
    ['is for chain:chain-1', standing(), task({ chain_id: 'chain-2' })],
    ['is for chain:chain-1', standing(), task({ origin: 'schedule:schedule-1' })],
    ['not for chains of carol', standing(), task({ proposer: 'carol' })],
    ['not for chains of a key without a party', standing(), task({ proposer: null })],
    ['another purpose', standing(), task({ purpose: 'ads' })],
    ['another purpose', standing({ purpose: 'scoring' }), task()],
    ['no task predict of the type ss_lr', standing(), task({ task_id: 'predict[3]' })],
    ['no task train of the type psi', standing(), task({ task_type: 'psi' })],
    ['/params/epochs is outside', standing(), task({}, { ...CONFIG, params: { ...CONFIG.params, epochs: 4 } })],
    ['/params/a~1b/0 is outside', standing(), task({}, { ...CONFIG, params: { epochs: 3, 'a/b': ['y'] } })],
    ['/params/a~1b/1 is outside', standing(), task({}, { ...CONFIG, params: { epochs: 3, 'a/b': ['x', 'x'] } })],
    ['/params/a~1b is outside', standing(), task({}, { ...CONFIG, params: { epochs: 3, 'a/b': { 0: 'x' } } })],
    ['/params/a~1b is outside', standing(), task({}, { ...CONFIG, params: { epochs: 3 } })],
    ['/params/more is outside', standing(), task({}, { ...CONFIG, params: { ...CONFIG.params, more: 1 } })],
    ['/input_data/alice', standing(), task({}, { ...CONFIG, input_data: { alice: 'dataset:alice/customers@2' } })],
    ['beside task_config', standing(), task({ params: paramsOf(CONFIG, { engine: 'secretflow' }) as never })],
    ['beside task_config', standing(), task({ params: { task_config: CONFIG } as never })],
    ['from other tasks', standing(), task({ from: { psi: HASH('a') } })],
    ['from other tasks', standing({}, { from: { psi: null } }), task()],
    ['from other tasks', standing({}, { from: { psi: HASH('a') } }), task({ from: { psi: HASH('b') } })],
    [
      'from other tasks',
      standing({}, { from: { psi: HASH('a') } }),
      task({ from: { 'psi[0]': HASH('a'), 'psi[1]': HASH('b') } }),
    ],
    ['from other tasks', standing({}, { from: { psi: null } }), task({ from: { fit: HASH('a') } })],
  ])('does not cover what is outside it: %s', (words, of, given) => {
    expect(misfit(of, given)).toContain(words);
  });

  it('lets in its holes what is in their bounds, and nothing beside them', () => {
    const of = standing(
      {},
      { holes: { '/params/epochs': { min: 1, max: 50 }, '/input_data/alice': { like: 'dataset:alice/customers@#' } } },
    );
    const given = (epochs: unknown, alice: unknown, more: object = {}) =>
      misfit(of, task({}, { input_data: { alice }, params: { ...CONFIG.params, epochs }, ...more }));
    expect(given(50, 'dataset:alice/customers@12')).toBeUndefined();
    expect(given(51, 'dataset:alice/customers@12')).toBe('/params/epochs is outside its bounds');
    expect(given('5', 'dataset:alice/customers@12')).toBe('/params/epochs is outside its bounds');
    expect(given(5, 'dataset:alice/salaries@1')).toBe('/input_data/alice is outside its bounds');
    expect(given(5, 'dataset:alice/customers@1', { receiver: 'bob' })).toBe('/receiver is outside its bounds');
  });

  it('covers a text that is obeyed only as its owner has read it', () => {
    const sql = (query: string) => task({ task_type: 'sql' }, { ...CONFIG, query });
    const of = (bounds: HoleBounds, pointer = '/query') => {
      const params = paramsOf({ ...CONFIG, query: 'SELECT 1' }) as never;
      return standing({}, { task_type: 'sql', params, holes: { [pointer]: bounds } });
    };
    expect(misfit(of({ enum: ['SELECT 1', 'SELECT 2'] }), sql('SELECT 2'))).toBeUndefined();
    expect(misfit(of({ enum: ['SELECT 1'] }), sql('SELECT 3'))).toContain('/query');
    expect(misfit(of({ like: 'SELECT #' }), sql('SELECT 2'))).toContain('text open that is obeyed');
    const file = of({ like: 'dataset:alice/customers@#' }, '/input_data/alice');
    expect(misfit(file, sql('SELECT 1'))).toBeUndefined();
  });

  it('covers so many uses in its time, each once, of what is as it was written', () => {
    const request = { use: 'u3', asWritten: true };
    const used = (...uses: string[]) =>
      uses.map((use) => ({ at: NOW, use, datasets: ['c'], approval: covering().key }));
    const of = (more: Partial<StandingStatement> = {}) => covering(standing(more));
    expect(misuseOf(of(), request, used('u1'), NOW)).toBeUndefined();
    expect(misuseOf(of(), request, used('u1', 'u2'), NOW)).toContain('covers 2 uses of train');
    expect(misuseOf(of(), request, used('u1', 'u1', 'u3'), NOW)).toBeUndefined();
    expect(misuseOf(of({ serial: 8 }), request, used('u1', 'u2'), NOW)).toBeUndefined();
    expect(misuseOf(of({ expires_at: NOW }), request, [], NOW)).toContain('expired');
    expect(misuseOf(of(), { ...request, asWritten: false }, [], NOW)).toContain('from a result');
  });

  it('takes the same file of another turn, where a file stands, and what made it counts', () => {
    const models = (chain: string, file = 'train/alice/m.json') => ({
      task_config: { models: { alice: `artifact:${chain}/${file}` }, note: `artifact:${chain}/${file}` },
    });
    const fit = (file?: string, note = 'chain-1') => {
      const params = models('chain-2', file);
      params.task_config.note = models(note).task_config.note;
      const signed = standing({}, { params: models('chain-1'), holes: {}, from: { train: null } });
      return coveringOf(signed, task({ params, from: { 'chain-2/train': HASH('a') } }));
    };
    expect(fit()).toHaveProperty('key');
    expect(fit('fit/alice/m.json')).toEqual({ misfit: '/models/alice is outside its bounds' });
    expect(fit('train/bob/m.json')).toEqual({ misfit: '/models/alice is outside its bounds' });
    expect(fit(undefined, 'chain-2')).toEqual({ misfit: '/note is outside its bounds' });
    const covering = fit() as Covering;
    expect(coversSource(covering, 'chain-2/train', [])).toBe(false);
    expect(coversSource(covering, 'chain-2/train', [covering.key])).toBe(true);
  });

  it('lets a task read what was made under it, or by the task that was signed', () => {
    const made = standing({}, { from: { psi: null } }, { task_id: 'psi' });
    const reads = covering(made, task({ from: { psi: HASH('a') } }));
    expect(coversSource(reads, 'psi', ['standing:alice/nightly 7 1'])).toBe(true);
    for (const marks of [
      [],
      ['standing:alice/nightly 7 0'],
      ['standing:alice/nightly 6 1'],
      ['standing:alice/other 7 1'],
    ])
      expect(coversSource(reads, 'psi', marks)).toBe(false);
    expect(coversSource(reads, 'fit', ['standing:alice/nightly 7 1'])).toBe(false);
    const exact = covering(standing({}, { from: { psi: HASH('a') } }), task({ from: { psi: HASH('a') } }));
    expect(coversSource(exact, 'psi', [])).toBe(true);
  });
});

describe('a hole', () => {
  it.each<[HoleBounds, readonly unknown[], readonly unknown[]]>([
    [{ min: 1, max: 3 }, [1, 2.5, 3], [0, 4, '2', null, undefined, [2], Number.NaN]],
    [{ enum: ['a', 1, null] }, ['a', 1, null], ['b', '1', undefined, ['a']]],
    [{ like: '#-#-#' }, ['2026-01-31', '1-1-1'], ['2026-01', '2026-01-31 ', ' 2026-01-31', '2026--31', 'a-b-c', 1]],
    [{ like: 'v#' }, ['v1', 'v123456789012345'], ['v', 'v1234567890123456', 'v1v', 'v1.0', 'x1', 'v１']],
    [{ each: { min: 0, max: 1 } }, [[], [0, 1]], [[2], 0, { 0: 0 }, 'a', [[0]], undefined]],
    [{ each: { each: { enum: ['a'] } } }, [[['a'], []]], [['a'], [['b']]]],
    [{ each: { min: 0 }, enum: ['a'] }, [], [[1], 'a']],
  ])('%j', (bounds, inside, outside) => {
    expect(inside.filter((value) => !fills(bounds, value))).toEqual([]);
    expect(outside.filter((value) => fills(bounds, value))).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { coveringOf, type ConsentJson, type StandingStatement, type TaskStatement } from '#libs/consent';
import { draftOf, type Drafted, type WrittenTask } from './standing-draft.js';

const HASH = `sha256:${'0f'.repeat(32)}`;
const config = (value: ConsentJson): ConsentJson => ({ input_data: { alice: 'dataset:alice/c@1' }, value });
const task = (task_id: string, task_config: ConsentJson, more: Partial<TaskStatement> = {}): TaskStatement => ({
  ...{ chain_id: 'chain-1', task_id, task_type: 'fillna', proposer: 'bob', from: {} },
  params: { sf_init_config: { parties: ['alice'] }, task_config },
  ...more,
});
const whole = (drafted: Drafted): StandingStatement => {
  if ('differs' in drafted) throw new Error(drafted.differs);
  return {
    ...{ kind: 'standing', party: 'alice', name: 'n', serial: 1, issued_at: '', expires_at: '', decision: 'approve' },
    ...drafted,
  };
};
const holesOf = (drafted: Drafted) => whole(drafted).tasks.map(({ holes }) => holes);

describe('the draft of a standing approval', () => {
  it('covers the tasks that it was made of, with the values in which they differ', () => {
    const tasks = ['x', 'z', 'y'].map((value, i) => task(`fill[${i}]`, config(value)));
    const drafted = draftOf([...tasks, task('other', config(1))], 5);
    expect(whole(drafted)).toMatchObject({ origin: 'chain:chain-1', proposer: 'bob' });
    expect(whole(drafted).tasks.map(({ task_id, uses }) => [task_id, uses])).toEqual([
      ['fill', 5],
      ['other', 5],
    ]);
    expect(holesOf(drafted)).toEqual([{ '/value': { enum: ['x', 'y', 'z'] } }, {}]);
    for (const each of tasks) expect(coveringOf(whole(drafted), each)).toHaveProperty('covered');
    expect(coveringOf(whole(drafted), task('fill[3]', config('w')))).toHaveProperty('misfit');
  });

  it('keeps tasks of another shape apart, and still covers each', () => {
    const tasks = [
      task('fill[0]', config(['a'])),
      task('fill[1]', config(['a', 'b'])),
      task('fill[2]', config({ a: 1 })),
    ];
    const drafted = whole(draftOf(tasks, 1));
    expect(drafted.tasks).toHaveLength(3);
    for (const each of tasks) expect(coveringOf(drafted, each)).toHaveProperty('covered');
  });

  it('takes bounds from the parameters of the template, where their schema says any', () => {
    const written = (value: ConsentJson): WrittenTask => ({
      ...{ task_id: 'fill', params: { task_config: config(value) } },
      schemas: { n: { minimum: 1, maximum: 9 }, m: { enum: ['a', 'b'] }, t: { type: 'string' }, h: { minimum: 1 } },
    });
    const holes = (value: ConsentJson, seen: ConsentJson) =>
      holesOf(draftOf([task('fill', config(seen))], 1, [written(value)]))[0];
    expect(holes('${params.n}', 3)).toEqual({ '/value': { min: 1, max: 9 } });
    expect(holes({ 'a/b': ['${params.m}'] }, { 'a/b': ['a'] })).toEqual({ '/value/a~1b/0': { enum: ['a', 'b'] } });
    for (const none of ['${params.t}', '${params.h}', 'at ${params.n}', '$${params.n}', '${params.unknown}'])
      expect(holes(none, 3)).toEqual({});
  });

  it('names what its inputs come from: tasks that it covers, and else the very task', () => {
    const from = { psi: HASH, fit: HASH };
    const drafted = draftOf([task('psi', config(1)), task('fill', config(2), { from })], 1);
    expect(whole(drafted).tasks.map((each) => each.from)).toEqual([{}, { psi: null, fit: HASH }]);
  });

  it('is of one whole, one proposer and one purpose', () => {
    const origin = 'schedule:s';
    const first = task('a', config(1), { origin });
    expect(draftOf([], 1)).toEqual({ differs: 'tasks' });
    expect(draftOf([first, task('a', config(1))], 1)).toEqual({ differs: 'origin' });
    expect(draftOf([first, task('a', config(1), { origin, proposer: null })], 1)).toEqual({ differs: 'proposer' });
    expect(draftOf([first, task('a', config(1), { origin, purpose: 'ads' })], 1)).toEqual({ differs: 'purpose' });
    expect(draftOf([first, task('a', config(1), { origin, chain_id: 'chain-2' })], 1)).toMatchObject({ origin });
  });
});

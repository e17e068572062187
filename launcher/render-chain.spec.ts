import { describe, it } from 'node:test';
import { expect } from 'expect';
import { levelsOf, type ChainView, type TaskView } from './chain-view.js';
import { summarise } from './example.js';
import { LiveView } from './live-view.js';
import { changedLines, renderChain, type Style } from './render-chain.js';

const at = (second: number) => new Date(Date.UTC(2026, 10, 25, 12, 0, second)).toISOString();
const now = Date.parse(at(10));
const task = (task_id: string, task_type: string, status: string, more: Partial<TaskView> = {}): TaskView => ({
  task_id,
  task_type,
  status,
  ...more,
});
const chain: ChainView = {
  chain_id: 'chain-1',
  chain_name: 'Example',
  status: 'RUNNING',
  progress: 45,
  started_at: at(0),
  tasks: [
    task('alice', 'preprocessing', 'SUCCESS', { started_at: at(0), completed_at: at(2), depends_on: [] }),
    task('bob', 'preprocessing', 'SUCCESS', { started_at: at(0), completed_at: at(1), depends_on: [] }),
    task('join', 'psi', 'RUNNING', {
      started_at: at(4),
      progress: 50,
      progress_stage: 'blinding',
      depends_on: ['alice', 'bob'],
      attempt: 2,
    }),
    task('report', 'report', 'PENDING', { depends_on: [{ task_id: 'join' }, 'alice'] }),
  ],
};
const plain: Style = { columns: 120, colour: false, unicode: false };

describe('the chain on the terminal', () => {
  it('stands level by level, with states in words, progress and times', () => {
    expect(renderChain(chain, now, plain)).toEqual([
      '> RUNNING    #####-------  45%    10.0 s  Example',
      'level 1  + SUCCESS    alice   preprocessing  ############ 100%     2.0 s',
      '         + SUCCESS    bob     preprocessing  ############ 100%     1.0 s',
      'level 2  > RUNNING    join    psi            ######------  50%     6.0 s  <- alice, bob  blinding, attempt 2',
      'level 3  . PENDING    report  report                                      <- join, alice',
    ]);
  });

  it('says the same with colour, and with more than ASCII', () => {
    const bare = renderChain(chain, now, { ...plain, unicode: true });
    expect(bare[1]).toContain('✔ SUCCESS');
    const coloured = renderChain(chain, now, { ...plain, unicode: true, colour: true });
    expect(coloured.map((line) => line.replace(/\u001b\[\d+m/g, ''))).toEqual(bare);
    expect(coloured).not.toEqual(bare);
  });

  it('never is wider than the terminal', () => {
    for (const line of renderChain(chain, now, { ...plain, columns: 40 })) expect(line.length).toBeLessThanOrEqual(40);
  });

  it('shows why a task failed', () => {
    const failed = task('join', 'psi', 'FAILURE', { error: { code: 'TASK_ERROR', message: 'no keys' } });
    expect(renderChain({ ...chain, tasks: [failed] }, now, plain)[1]).toContain('x FAILURE    join  psi');
    expect(renderChain({ ...chain, tasks: [failed] }, now, plain)[1]).toContain('TASK_ERROR: no keys');
  });

  it('has no level twice and survives what can not be', () => {
    const ids = (tasks: TaskView[]) => levelsOf(tasks).map((level) => level.map(({ task_id }) => task_id));
    expect(ids([...chain.tasks])).toEqual([['alice', 'bob'], ['join'], ['report']]);
    const odd = [
      task('a', 'x', 'PENDING', { depends_on: ['b', 'missing'] }),
      task('b', 'x', 'PENDING', { depends_on: ['a'] }),
    ];
    expect(ids(odd).flat().sort()).toEqual(['a', 'b']);
    expect(levelsOf([])).toEqual([]);
  });
});

describe('the chain without a terminal', () => {
  it('is a line for each change of state', () => {
    expect(changedLines(undefined, chain, now)).toEqual([
      'SUCCESS   alice (preprocessing) 2.0 s',
      'SUCCESS   bob (preprocessing) 1.0 s',
      'RUNNING   join (psi) (attempt 2)',
      'RUNNING   chain chain-1, 45 %',
    ]);
    expect(changedLines(chain, chain, now)).toEqual([]);
    const error = { code: 'TASK_ERROR', message: 'no keys' };
    const tasks = chain.tasks.map((each) =>
      each.task_id === 'join' ? { ...each, status: 'FAILURE', completed_at: at(5), error } : each,
    );
    expect(changedLines(chain, { ...chain, tasks }, now)).toEqual([
      'FAILURE   join (psi) (attempt 2) 1.0 s TASK_ERROR: no keys',
    ]);
  });
});

describe('the end of the demo', () => {
  it('tells the figures that there are', () => {
    const tasks = [
      task('join', 'psi', 'SUCCESS', { result: { intersection_count: 569 } }),
      task('eval', 'biclassification_eval', 'SUCCESS', {
        result: { metrics: { auc: 0.99441, ks: 0.9, accuracy: 0.97 } },
      }),
    ];
    expect(summarise({ ...chain, tasks }, '/nowhere')).toEqual([
      'PSI intersection: 569',
      'AUC:              0.9944',
      'KS:               0.9000',
      'accuracy:         0.9700',
    ]);
    expect(summarise(chain, '/nowhere')).toEqual([]);
  });
});

describe('the live view', () => {
  it('draws in place and lets other lines scroll above', () => {
    let written = '';
    const view = new LiveView({ write: (text) => (written += text) });
    view.draw(['a', 'b']);
    view.draw(['c']);
    view.print('note');
    view.leave();
    view.print('later');
    expect(written).toBe('a\nb\n\u001b[2A\u001b[0Jc\n\u001b[1A\u001b[0Jnote\nc\nlater\n');
  });
});

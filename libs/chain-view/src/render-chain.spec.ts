import { describe, expect, it } from '@jest/globals';
import type { ChainView, TaskView } from './chain.js';
import { LiveView } from './live-view.js';
import { changedLines, renderChain, type Style } from './render-chain.js';

const at = (second: number) => new Date(Date.UTC(2026, 10, 25, 12, 0, second)).toISOString();
const now = Date.parse(at(10));
const task = (task_id: string, task_type: string, status: string, more: Partial<TaskView> = {}): TaskView => ({
  task_id,
  task_type,
  status,
  level: 0,
  depends_on: [],
  ...more,
});
const chain: ChainView = {
  chain_id: 'chain-1',
  chain_name: 'Example',
  status: 'RUNNING',
  progress: 45,
  started_at: at(0),
  tasks: [
    task('alice', 'preprocessing', 'SUCCESS', { started_at: at(0), completed_at: at(2) }),
    task('bob', 'preprocessing', 'SUCCESS', { started_at: at(0), completed_at: at(1) }),
    task('join', 'psi', 'RUNNING', {
      started_at: at(4),
      progress: 0.5,
      progress_stage: 'blinding',
      level: 1,
      depends_on: ['alice', 'bob'],
      attempt: 2,
    }),
    task('report', 'report', 'PENDING', { level: 2, depends_on: ['join', 'alice'] }),
  ],
};
const plain: Style = { columns: 120, colour: false, unicode: false };

describe('the chain on the terminal', () => {
  it('stands level by level, with states in words, progress and times', () => {
    expect(renderChain(chain, now, plain)).toEqual([
      '> RUNNING    #####-------  45%    10.0 s  about 7.5 s left  Example',
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

  it('counts columns and not characters, and shows what could move the cursor as a sign for it', () => {
    const odd = { ...chain, chain_name: '隐私\u001b[2J计算\u202e流程' };
    expect(renderChain(odd, now, plain)[0]).toBe(
      '> RUNNING    #####-------  45%    10.0 s  about 7.5 s left  隐私\ufffd[2J计算\ufffd流程',
    );
    const clipped = renderChain(odd, now, { ...plain, columns: 70 })[0]!;
    expect(clipped).toMatch(/left {2}隐私.\[2J计$/);
  });

  it('sums up what has no room, the telling first', () => {
    const many = Array.from({ length: 50 }, (_, i) =>
      task(`t${i}`, 'psi', ['SUCCESS', 'RUNNING', 'PENDING', 'FAILURE'][i % 4]!, { level: i }),
    );
    const lines = renderChain({ ...chain, tasks: many }, now, { ...plain, rows: 10 });
    expect(lines.length).toBe(10);
    expect(lines[1]).toBe('. PENDING 12  > RUNNING 13  + SUCCESS 13  x FAILURE 12');
    expect(lines.slice(2).map((line) => line.split(/ +/)[1])).toEqual(Array(8).fill('FAILURE'));
    expect(renderChain({ ...chain, tasks: many }, now, { ...plain, rows: 51 }).length).toBe(51);
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

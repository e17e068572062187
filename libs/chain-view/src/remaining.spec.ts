import { describe, expect, it } from '@jest/globals';
import type { ChainView, TaskView } from './chain.js';
import { remainingMs } from './remaining.js';

const at = (second: number) => new Date(second * 1000).toISOString();
const task = (task_id: string, status: string, level: number, more: Partial<TaskView> = {}): TaskView => ({
  task_id,
  task_type: 'psi',
  status,
  level,
  depends_on: [],
  ...more,
});
const chain = (...tasks: TaskView[]): ChainView => ({ chain_id: 'c', chain_name: 'c', status: 'RUNNING', tasks });
const ran = (from: number, to: number) => ({ started_at: at(from), completed_at: at(to) });

describe('what is left of a chain', () => {
  it('is not known before a task says anything', () => {
    expect(remainingMs(chain(task('a', 'RUNNING', 0, { started_at: at(0) })), 5_000)).toBeUndefined();
    expect(remainingMs(chain(task('a', 'PENDING', 0)), 5_000)).toBeUndefined();
  });

  it('is what the longest path takes, at the pace of the same type', () => {
    const tasks = [
      task('a', 'SUCCESS', 0, ran(0, 4)),
      task('x', 'SUCCESS', 0, { ...ran(0, 1), task_type: 'report' }),
      task('b', 'RUNNING', 1, { started_at: at(4), depends_on: ['a'] }),
      task('c', 'PENDING', 2, { depends_on: ['b'] }),
      task('y', 'PENDING', 2, { task_type: 'report', depends_on: ['b'] }),
    ];
    // b: 4 - 3, c: 4; with two at once all that is left, 1 + 4 + 1, would take 3.
    expect(remainingMs(chain(...tasks), 7_000)).toBe(5_000);
  });

  it('is what all that is left takes where few run at once', () => {
    const waiting = Array.from({ length: 9 }, (_, i) => task(`w${i}`, 'READY', 0));
    expect(remainingMs(chain(task('a', 'SUCCESS', 0, ran(0, 2)), ...waiting), 2_000)).toBe(18_000);
  });

  it('goes by the progress of what runs', () => {
    const running = task('a', 'RUNNING', 0, { started_at: at(0), progress: 0.25 });
    expect(remainingMs(chain(running), 10_000)).toBe(30_000);
  });

  it('is nothing for a chain that does not run', () => {
    expect(remainingMs({ ...chain(task('a', 'SUCCESS', 0, ran(0, 2))), status: 'PAUSED' }, 3_000)).toBeUndefined();
  });
});

import { describe, expect, it } from '@jest/globals';
import { differenceLines, differenceMermaid, type DifferenceView } from './difference.js';

const task = (task_id: string, change: string, more: object = {}) => ({
  ...{ task_id, task_name: task_id, task_type: 'psi', change, renamed_from: null, likeness: null, changes: [] },
  ...more,
});
const edge = (from: string, to: string, change: string) => ({ from, to, change, changes: [] });
const change = (pointer: string, before: unknown, after: unknown, how = 'changed') => ({
  ...{ change: how, pointer, before, after },
});
const difference: DifferenceView = {
  same: false,
  chain: [change('/options/timeout', 600, 700)],
  tasks: [
    task('a', 'same'),
    task('b', 'changed', { changes: [change('/timeout', null, 5, 'added'), change('/when', 'x', null, 'removed')] }),
    task('c', 'renamed', { renamed_from: 'old', likeness: 0.75 }),
    task('d', 'added'),
    task('e', 'removed'),
    task('f', 'same', { changes: [change('/task_params/n', '${params.n}', 3, 'filled')] }),
  ],
  edges: [edge('a', 'b', 'same'), edge('a', 'd', 'added'), edge('a', 'e', 'removed'), edge('b', 'c', 'changed')],
};

describe('a difference of chains', () => {
  it('is lines that a terminal shows', () => {
    expect(differenceLines(difference)).toEqual([
      'chain',
      '    ~ /options/timeout: 600 -> 700',
      '~ task b (psi)',
      '    + /timeout: 5',
      '    - /when: "x"',
      '> task c (psi) was old (likeness 0.75)',
      '+ task d (psi)',
      '- task e (psi)',
      '  task f (psi)',
      '    = /task_params/n: "${params.n}" -> 3',
      '+ edge a -> d',
      '- edge a -> e',
      '~ edge b -> c',
    ]);
    expect(differenceLines({ same: true, chain: [], tasks: [task('a', 'same')], edges: [] })).toEqual([
      'no difference',
    ]);
  });

  it('is Mermaid with a colour and a word for each change', () => {
    expect(differenceMermaid(difference).split('\n')).toEqual([
      'flowchart LR',
      '    t0["a<br/>psi"]',
      '    t1["#126; b<br/>psi"]:::changed',
      '    t2["#62; c<br/>psi<br/>was old"]:::renamed',
      '    t3["#43; d<br/>psi"]:::added',
      '    t4["- e<br/>psi"]:::removed',
      '    t5["f<br/>psi"]',
      '    t0 --> t1',
      '    t0 == added ==> t3',
      '    t0 -. removed .-> t4',
      '    t1 -- changed --> t2',
      '    classDef changed fill:#fff3d6,stroke:#b45309',
      '    classDef renamed fill:#dbe9ff,stroke:#1565c0',
      '    classDef added fill:#d9f2d9,stroke:#2e7d32',
      '    classDef removed fill:#fbdada,stroke:#c62828',
      '',
    ]);
  });

  it('shows hostile names and values as text', () => {
    const hostile = '"]; click t0 "\u001b[2J\u202e<script>';
    const of = task(hostile, 'renamed', {
      ...{ task_name: hostile, task_type: hostile, renamed_from: hostile },
      changes: [change(`/${hostile}`, hostile, 'x'.repeat(500))],
    });
    const view: DifferenceView = { same: false, chain: [], tasks: [of], edges: [edge(hostile, hostile, 'added')] };
    const lines = differenceLines(view);
    expect(lines.join('\n')).not.toMatch(/[\u001b\u202e]/);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(400);
    const [, node, arrow] = differenceMermaid(view).split('\n');
    expect(node).toMatch(/^ {4}t0\["[^"[\]<>;]*(#\d+;[^"[\]<>;]*)*(<br\/>([^"[\]<>;]|#\d+;)*)*"\]:::renamed$/);
    expect(arrow).toBe('    t0 == added ==> t0');
  });
});

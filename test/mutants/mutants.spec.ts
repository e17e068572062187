import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { codeMutants } from './code-mutants.js';
import { Ledger } from './ledger.js';
import { mutated, nameOf, same } from './mutant.js';
import { Reach } from './reach.js';
import { score } from './score.js';
import { sqlMutants } from './sql-mutants.js';
import { readSteps } from './step-mutants.js';
import { compiled, refused } from './tree.js';

const statement = (sql: string): string => `export const text = \`${sql}\`;`;
const changes = (sql: string): string[] =>
  sqlMutants('a.ts', statement(sql)).map((mutant) => mutated(statement(sql), mutant).slice(21, -2));

describe('mutants of SQL', () => {
  it('drop each term, turn each comparison', () => {
    expect(changes('SELECT a FROM t WHERE x = $1 AND (y IS NULL OR z < 3)')).toEqual([
      'SELECT a FROM t WHERE (x = $1 OR true) AND (y IS NULL OR z < 3)',
      'SELECT a FROM t WHERE x = $1 AND ((y IS NULL OR z < 3) OR true)',
      'SELECT a FROM t WHERE x <> $1 AND (y IS NULL OR z < 3)',
      'SELECT a FROM t WHERE x = $1 AND ((y IS NULL AND false) OR z < 3)',
      'SELECT a FROM t WHERE x = $1 AND (y IS NULL OR (z < 3 AND false))',
      'SELECT a FROM t WHERE x = $1 AND (y IS NOT NULL OR z < 3)',
      'SELECT a FROM t WHERE x = $1 AND (y IS NULL OR z > 3)',
    ]);
  });

  it('remove locks and change limits', () => {
    expect(changes('SELECT id FROM t ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED')).toEqual([
      'SELECT id FROM t ORDER BY id LIMIT ($1 + 1) FOR UPDATE SKIP LOCKED',
      'SELECT id FROM t ORDER BY id LIMIT $1 ',
      'SELECT id FROM t ORDER BY id LIMIT $1 FOR UPDATE ',
    ]);
    expect(changes('SELECT pg_advisory_xact_lock(7) FROM t LIMIT 500')).toEqual([
      'SELECT true FROM t LIMIT 500',
      'SELECT pg_advisory_xact_lock(7) FROM t LIMIT 1',
    ]);
  });

  it('leave assignments, BETWEEN, substitutions and DISTINCT FROM whole', () => {
    expect(changes('UPDATE t SET a = b, c = d IS DISTINCT FROM e WHERE f BETWEEN 1 AND ${x && y}')).toEqual([
      'UPDATE t SET a = b, c = d IS DISTINCT FROM e WHERE (f BETWEEN 1 AND ${x && y} OR true)',
      'UPDATE t SET a = b, c = d IS NOT DISTINCT FROM e WHERE f BETWEEN 1 AND ${x && y}',
    ]);
  });
});

describe('mutants of code', () => {
  const text = 'export const above = (a: number, b: number): boolean => a > b;\n';

  it('are StrykerJS’s, each at its place', async () => {
    const all = await codeMutants('a.ts', text);
    expect(all.map((mutant) => mutated(text, mutant))).toContain(text.replace('a > b', '(a >= b)'));
    expect(
      nameOf(
        text,
        all.find(({ replacement }) => replacement === '(a >= b)')!,
      ),
    ).toEqual({
      ...{ file: 'a.ts', line: 1, kind: 'EqualityOperator' },
      ...{ code: text.trim(), change: 'a > b -> (a >= b)' },
    });
    expect(same(nameOf(text, all[0]!), nameOf(text, all[1]!))).toBe(false);
  });

  it('are built, or refused by the parser or the compiler', () => {
    expect(compiled(text)).toBe('export const above = (a, b) => a > b;\n//# sourceMappingURL=module.js.map');
    expect(compiled('export const a = ;')).toBeUndefined();
    expect(refused('test/mutants/score.ts', readFileSync('test/mutants/score.ts', 'utf8'))).toBe(false);
    expect(refused('test/mutants/score.ts', 'export const a: number = "";')).toBe(true);
  });

  it('are looked for by the specs that reach their file, those of its lib first', () => {
    const reach = new Reach('.');
    const specs = reach.specsOf('libs/repositories/src/statements/clock.ts', true);
    expect(specs[0]).toBe('dist/libs/repositories/src/statements/clock.spec.js');
    expect(reach.specsOf('libs/repositories/src/statements/clock.ts').at(-1)).toMatch(/^dist\/libs\/repositories/);
    expect(specs).toContain('dist/libs/chain-engine/src/reconcile/clock-keeper.spec.js');
    expect(specs).not.toContain('dist/libs/dag-planner/src/plan.spec.js');
  });
});

describe('the ledger', () => {
  it('knows what earlier runs and other shards have found, until the file is another', () => {
    const set = `ledger-${process.pid}`;
    const mutant = { ...{ file: 'a.ts', start: 0, end: 1, replacement: 'b' }, kind: 'Name' };
    const [mine, other] = [new Ledger(set), new Ledger(set)];
    try {
      mine.add(mutant, 'a + a', { fate: 'survived' });
      mine.add(mutant, 'a + a', { fate: 'killed', by: 'a.spec.js' });
      other.read();
      for (const ledger of [mine, other, new Ledger(set)]) {
        expect(ledger.found(mutant, 'a + a')).toMatchObject({ fate: 'killed', by: 'a.spec.js' });
        expect(ledger.found(mutant, 'a - a')).toBeUndefined();
        expect(ledger.killsOf('a.ts', 'a.spec.js')).toBe(1);
      }
    } finally {
      mine.forget();
    }
    expect(new Ledger(set).found(mutant, 'a + a')).toBeUndefined();
  });
});

describe('the score', () => {
  it('has Wilson’s interval, and counts no time-outs', () => {
    const { percent, low, high } = score({ killed: 90, survived: 10 });
    expect([percent, low.toFixed(2), high.toFixed(2)]).toEqual([90, '82.56', '94.48']);
    expect(score({ killed: 0, survived: 0 })).toEqual({ percent: 0, low: 0, high: 100 });
  });
});

describe('privacy steps', () => {
  it('are taken out at one place of their file each, and stand in the list of privacy steps', () => {
    const list = readFileSync('test/attacks/privacy-steps.md', 'utf8');
    for (const { file, step, find, specs } of readSteps()) {
      expect([file, step, readFileSync(file, 'utf8').split(find).length - 1]).toEqual([file, step, 1]);
      expect(list.split('\n').some((line) => line.includes(file) && line.includes(step))).toBe(true);
      expect(specs.length).toBeGreaterThan(0);
    }
  });
});

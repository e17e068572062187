import { describe, expect, it } from '@jest/globals';
import { readCondition } from './cel/read-condition.js';
import { evaluateConditions, type ConditionScope } from './conditions.js';

const scope: ConditionScope = {
  tasks: {
    'a-b': {
      status: 'SUCCESS',
      result: { count: 120, ratio: 0.5, name: 'x', list: [1, 2, 3], nothing: null, deep: { 'k-1': true } },
    },
    c: { status: 'FAILURE', result: null },
    long: { status: 'SUCCESS', result: Array.from({ length: 8_000 }, (_, i) => i) },
  },
  chain: { name: 'n', type: 'complex', metadata: { ticket: 'A-17' } },
  params: { limit: 100, text: '${tasks.c.result}' },
};

const of = (text: string): boolean | string => {
  const reading = readCondition(text);
  if (!reading.ok) return `refused: ${reading.message}`;
  const outcome = evaluateConditions([text], scope);
  return outcome.kind === 'fault' ? outcome.message : outcome.kind === 'true';
};

describe('a condition', () => {
  it.each(['true', 'false', '!(true)', '!(false)'])('of a branch does not hold after one that fails: %s', (own) => {
    expect(of(`!(tasks["a-b"].result.nope > 1) && (${own})`)).not.toBe(true);
  });

  for (const [text, expected] of [
    ['tasks["a-b"].status == "SUCCESS"', true],
    ["tasks['a-b'].result.count > 100 && tasks.c.status in ['FAILURE', 'SKIPPED']", true],
    ['tasks["a-b"].result.count == 120 && tasks["a-b"].result.count == 120.0', true],
    ['tasks["a-b"].result.count * 2 - 1 == 239', true],
    ['tasks["a-b"].result.ratio + 1 < 1.6 && 1 / tasks["a-b"].result.ratio == 2', true],
    ['int(tasks["a-b"].result.count) % 7 == 1', true],
    ['tasks["a-b"].result.count > params.limit', true],
    ['params.text == "${tasks.c.result}"', true],
    ['chain.name == "n" && chain.type == "complex" && chain.metadata.ticket.startsWith("A-")', true],
    ['tasks.c.result == null', true],
    ['has(tasks.c.result.x)', false],
    ['has(tasks["a-b"].result.nope) && tasks["a-b"].result.nope > 1', false],
    ['has(tasks["a-b"].result.nothing) && "nothing" in tasks["a-b"].result', true],
    ['tasks["a-b"].result.deep["k-1"]', true],
    ['"toString" in tasks["a-b"].result || has(tasks["a-b"].result.constructor)', false],
    ['tasks["a-b"].result.list.exists(x, x > 2) && tasks["a-b"].result.list.all(x, x > 0)', true],
    ['size(tasks["a-b"].result.list.filter(x, x > 1)) == 2', true],
    ['tasks["a-b"].result.list.map(x, x * 2) == [2, 4, 6]', true],
    ['tasks["a-b"].result.list.exists_one(x, tasks["a-b"].result.list.all(y, y <= x))', true],
    ['tasks["a-b"].result.list[0] == 1 && 3 in tasks["a-b"].result.list', true],
    ['tasks["a-b"].result.exists(k, k == "count")', true],
    ['size(tasks.long.result) == 8000 && tasks.long.result.all(x, x >= 0)', true],
    ['tasks["a-b"].result.nope == 1 || true', true],
    ['tasks["a-b"].result.nope == 1', 'field not found: nope: guard it with has()'],
    ['tasks["a-b"].result.name + 1 == 2', "found no matching overload for '+' applied to '(string, int)'"],
    ['tasks["a-b"].result.count', 'it is no bool but a number'],
    ['tasks.c.result', 'it is no bool but null'],
    ['params.limit > "x"', "found no matching overload for '>' applied to '(double, string)'"],
  ] as const) {
    it(`${text} is ${expected}`, () => expect(of(text)).toBe(expected));
  }

  for (const [text, expected] of [
    ['tasks.a.status = "x"', 'syntax error at line 1, column 16: it cannot be read from "= \\"x\\"" on'],
    ['true\n && (1', 'syntax error at line 2, column 2: it cannot be read from "&& (1" on'],
    ['', 'syntax error at line 1, column 1: something is missing at the end'],
    ['true && foo.bar', 'there is no foo: there are tasks, chain and params (line 1, column 9)'],
    ['size(tasks) > 1', 'a task is named as tasks.<id>.status'],
    ['tasks.all(t, true)', 'a task is named as tasks.<id>.status'],
    ['tasks[params.x].status == "x"', 'a task is named as tasks.<id>.status'],
    ['tasks["a"] == 1', 'a task is named as tasks.<id>.status'],
    ['tasks.a.b.status == ""', 'a task has status and result, and no b; an id with a dot is written tasks["a.b"]'],
    ['chain.owner == ""', 'chain has name, type, metadata, and no owner'],
    ['params.x.matches("a+")', 'there is no function matches()'],
    ['[1].all(tasks, true)', "a macro's variable is not called tasks"],
    ['[1].all(1, true)', 'there is no function all()'],
    ['[1].all(a, [1].all(b, [1].all(c, true)))', 'macros lie more than 2 deep'],
    [Array(9).fill('[1].all(a, true)').join(' && '), 'it has more than 8 macros'],
    [`${'('.repeat(990)}true${')'.repeat(990)}`, 'it is nested too deep'],
    [`1${'+1'.repeat(150)} == 1`, 'it is nested deeper than 100 levels'],
    [`"${'x'.repeat(2_000)}" == ""`, 'it has 2008 characters, more than 2000'],
  ] as const) {
    it(`${text.slice(0, 60).replace('\n', ' ')} is refused`, () => expect(of(text)).toContain(`refused: ${expected}`));
  }

  it('tells which tasks it names', () => {
    const reading = readCondition('tasks.a.status == "SUCCESS" && has(tasks["b.c"].result.x) && tasks.a.result.n > 1');
    expect(reading.ok && reading.taskIds).toEqual(['a', 'b.c']);
  });

  it('costs only so much', () => {
    const l = 'tasks.long.result';
    const start = process.cpuUsage(); // Not the wall clock: it also tells what else the machine does.
    for (const text of [
      `${l}.all(x, ${l}.all(y, x + y >= 0))`,
      `${l}.all(x, x in ${l})`,
      `${l}.all(x, ${l} == ${l})`,
      `${l}.map(x, x).size() > 0`,
      `[${l}].map(a, a + a).map(a, a + a).size() > 0`,
      `[[1, 1]].map(a, ${Array(90).fill('a').join('+')}).map(a, ${Array(90).fill('a').join('+')}).size() == 1`,
      `["${'x'.repeat(900)}"].map(a, ${Array(90).fill('a').join('+')}).map(a, ${Array(90).fill('a').join('+')}).size() == 1`,
    ]) {
      expect(of(text)).toMatch(/it needs more than|at most 1000 elements|is too long/);
    }
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(3_000);
  });
});

describe('several conditions', () => {
  it('must all hold; the first that does not decides', () => {
    expect(evaluateConditions([], scope)).toEqual({ kind: 'true' });
    expect(evaluateConditions(['true', '1 == 1'], scope)).toEqual({ kind: 'true' });
    expect(evaluateConditions(['true', 'false', 'params.x'], scope)).toEqual({ kind: 'false', condition: 'false' });
    expect(evaluateConditions(['1 +'], scope)).toMatchObject({ kind: 'fault', condition: '1 +' });
  });
});

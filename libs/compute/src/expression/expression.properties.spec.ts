import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { bindExpression } from './bind-expression.js';
import { readExpression } from './read-expression.js';
import type { Value } from './value.js';

const COLUMNS = ['x', 'y', 'city'];
const WHERE = { party: 'alice', label: 't.csv' };

/** The text of an expression, and what it comes to by plain JavaScript. */
interface Made<T extends Value> {
  readonly text: string;
  readonly value: (row: Row) => T | null;
}
interface Row {
  readonly x: number | null;
  readonly y: number | null;
  readonly city: string | null;
}

const both = <T, U extends Value>(left: T | null, right: T | null, work: (a: T, b: T) => U): U | null =>
  left === null || right === null ? null : work(left, right);
const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null);
const whole = fc.integer({ min: -50, max: 50 });

const { number, condition } = fc.letrec<{ number: Made<number>; condition: Made<boolean> }>((tie) => ({
  number: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    whole.map((n) => ({ text: `(${n})`, value: () => n })),
    fc.constantFrom<'x' | 'y'>('x', 'y').map((name) => ({ text: name, value: (row: Row) => row[name] })),
    fc.tuple(fc.constantFrom('+', '-', '*', '/'), tie('number'), tie('number')).map(([operator, left, right]) => ({
      text: `(${left.text} ${operator} ${right.text})`,
      value: (row: Row) =>
        finite(
          both(left.value(row), right.value(row), (a, b) =>
            operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : a / b,
          ),
        ),
    })),
    fc.tuple(tie('condition'), tie('number'), tie('number')).map(([when, then, otherwise]) => ({
      text: `(${when.text} ? number(${then.text}) : ${otherwise.text})`,
      value: (row: Row) => (when.value(row) === true ? then : otherwise).value(row),
    })),
    fc.tuple(tie('number'), tie('number')).map(([one, other]) => ({
      text: `coalesce(number(${one.text}), ${other.text})`,
      value: (row: Row) => one.value(row) ?? other.value(row),
    })),
  ),
  condition: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.boolean().map((value) => ({ text: String(value), value: () => value })),
    fc.constantFrom('Bonn', 'Köln').map((name) => ({
      text: `city == "${name}"`,
      value: (row: Row) => both(row.city, name, (a, b) => a === b),
    })),
    fc.tuple(tie('number'), whole).map(([left, n]) => ({
      text: `(${left.text} < ${n})`,
      value: (row: Row) => both(left.value(row), n, (a, b) => a < b),
    })),
    tie('number').map((part) => ({ text: `(${part.text} == null)`, value: (row: Row) => part.value(row) === null })),
    tie('condition').map((part) => ({
      text: `!(${part.text})`,
      value: (row: Row) => both(part.value(row), true, (a) => !a),
    })),
    fc.tuple(fc.boolean(), tie('condition'), tie('condition')).map(([isAnd, left, right]) => ({
      text: `(${left.text} ${isAnd ? '&&' : '||'} ${right.text})`,
      value: (row: Row) => {
        const values = [left.value(row), right.value(row)];
        if (values.includes(!isAnd)) return !isAnd;
        return values.includes(null) ? null : isAnd;
      },
    })),
  ),
}));
const row = fc.record<Row>({
  x: fc.option(whole),
  y: fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((value) => value + 0)),
  city: fc.option(fc.constantFrom('Bonn', 'Köln', 'Aachen')),
});
const fieldsOf = ({ x, y, city }: Row): string[] => [x, y, city].map((value) => (value === null ? '' : String(value)));

describe('an expression of any form', () => {
  test('comes to what plain arithmetic and the logic of three values give', () => {
    const tooLong = /characters, more than|nested deeper|more than 500 parts/;
    fc.assert(
      fc.property(fc.oneof(number, condition), row, (made, values) => {
        const read = readExpression(made.text);
        if (typeof read === 'string') {
          expect(read).toMatch(tooLong);
          return;
        }
        const found = bindExpression(read, WHERE, COLUMNS)(fieldsOf(values), 1);
        // A column alone is a text until a type is asked of it.
        if (read.type === 'text')
          expect(found).toBe(
            ['x', 'y'].includes(made.text) ? fieldsOf(values)[COLUMNS.indexOf(made.text)] || null : found,
          );
        else expect(found).toEqual(made.value(values));
      }),
      { numRuns: 500 },
    );
  });

  test('of any text is read or refused, and throws nothing in any row', () => {
    const words = [
      'x',
      'city',
      '(',
      ')',
      '[',
      ']',
      '"',
      '+',
      '&&',
      '?',
      ':',
      '==',
      'in',
      '.',
      ',',
      '1',
      'abs',
      'row',
      '\\',
      '\n',
      'null',
    ];
    const text = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.array(fc.constantFrom(...words), { maxLength: 20 }).map((all) => all.join(' ')),
    );
    fc.assert(
      fc.property(text, fc.array(fc.string({ maxLength: 10 }), { minLength: 3, maxLength: 3 }), (any, fields) => {
        const read = readExpression(any);
        if (typeof read === 'string') expect(read).not.toBe('');
        else if (read.columns.every((column) => COLUMNS.includes(column))) {
          const value = bindExpression(read, WHERE, COLUMNS)(fields, 1);
          expect(value === null || ['number', 'string', 'boolean'].includes(typeof value)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('takes time that grows with its length, not faster', () => {
    const timeOf = (parts: number): number => {
      const read = readExpression(`x in [${Array.from({ length: parts }, (_, at) => `x + ${at}`).join(', ')}]`);
      if (typeof read === 'string') throw new Error(read);
      const holds = bindExpression(read, WHERE, COLUMNS);
      const start = performance.now();
      for (let at = 0; at < 20_000; at += 1) holds(['1000', '', ''], at);
      return performance.now() - start;
    };
    timeOf(10);
    expect(timeOf(120)).toBeLessThan(12 * timeOf(10) * 4 + 100);
  });
});

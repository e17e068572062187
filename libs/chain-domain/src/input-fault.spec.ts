import { describe, expect, it } from '@jest/globals';
import { FaultList, pointer, quoted } from './input-fault.js';

const fault = (message: string) => ({ code: 'A_CODE', message });

describe('the faults of a body', () => {
  it('are listed as they came, with their places where they have one', () => {
    const list = new FaultList();
    expect([list.empty, list.full, list.toArray()]).toEqual([true, false, []]);
    list.add(fault('one'));
    list.add({ ...fault('two'), pointer: '/a' });
    expect([list.empty, list.full]).toEqual([false, false]);
    expect(list.toArray()).toStrictEqual([fault('one'), { ...fault('two'), pointer: '/a' }]);
  });

  it('are at most 100, and say how many more there are', () => {
    const list = new FaultList();
    for (let i = 0; i < 100; i++) list.add(fault(String(i)));
    expect([list.full, list.toArray().length]).toEqual([false, 100]);
    list.add(fault('100'));
    list.add(fault('101'));
    expect(list.full).toBe(true);
    expect(list.toArray().slice(99)).toEqual([
      fault('99'),
      { code: 'MORE_FAULTS', message: '... and at least 2 more.' },
    ]);
  });

  it('are cut where a name in them is long', () => {
    const list = new FaultList();
    for (const length of [2_000, 2_001]) list.add({ ...fault('m'.repeat(length)), pointer: 'p'.repeat(length) });
    const [whole, cut] = list.toArray();
    expect([whole!.message, whole!.pointer]).toEqual(['m'.repeat(2_000), 'p'.repeat(2_000)]);
    expect([cut!.message, cut!.pointer]).toEqual([`${'m'.repeat(2_000)}...`, `${'p'.repeat(2_000)}...`]);
  });
});

describe('places and words', () => {
  it('escapes what a JSON pointer cannot hold', () => {
    expect(pointer()).toBe('');
    expect(pointer('tasks', 0, 'a/b', '~c', '~1', 'd//~~')).toBe('/tasks/0/a~1b/~0c/~01/d~1~1~0~0');
  });

  it('quotes a word, and cuts it after 80 characters', () => {
    expect(quoted('a "b"')).toBe('"a \\"b\\""');
    expect(quoted('x'.repeat(80))).toBe(`"${'x'.repeat(80)}"`);
    expect(quoted('x'.repeat(81))).toBe(`"${'x'.repeat(80)}..."`);
  });
});

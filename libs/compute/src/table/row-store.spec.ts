import { expect, test } from '@jest/globals';
import { RowStore } from './row-store.js';

test('rows come back in any order, over many chunks and with rows larger than one', () => {
  const store = new RowStore();
  const row = (i: number): string => (i === 777 ? 'ü'.repeat(5_000_000) : `${i},é中😀${'x'.repeat(i % 9000)}\n`);
  for (let i = 0; i < 3000; i += 1) store.add(row(i));
  expect(store.length).toBe(3000);
  for (let i = 2999; i >= 0; i -= 1) {
    if (Buffer.from(store.at(i)).toString() !== row(i)) throw new Error(`row ${i}`);
  }
});

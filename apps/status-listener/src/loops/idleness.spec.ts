import { describe, expect, it } from '@jest/globals';
import { Idleness } from './idleness.js';

describe('whether there is nothing to do', () => {
  it('is asked once for loops that ask together, and anew a tick later', async () => {
    let asked = 0;
    const query = (): Promise<{ idle: boolean }[]> => {
      asked += 1;
      return Promise.resolve([{ idle: asked > 1 }]);
    };
    const idleness = new Idleness({ engine: { query } } as never);
    expect(await Promise.all([idleness.isIdle(), idleness.isIdle(), idleness.isIdle()])).toEqual([false, false, false]);
    expect(asked).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect([await idleness.isIdle(), asked]).toEqual([true, 2]);
  });
});

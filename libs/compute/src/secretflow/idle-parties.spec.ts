import { describe, expect, test } from '@jest/globals';
import { IdleParties } from './idle-parties.js';

describe('parties on SPU', () => {
  test('are idle once none has computed for long, and not while one of them does', () => {
    const idle = new IdleParties(['alice', 'bob'], 100);
    expect(idle.hear('alice', 3, 0)).toBe(false);
    // Whether bob computes is not known yet.
    expect(idle.hear('alice', 3, 500)).toBe(false);
    expect(idle.hear('bob', 3, 510)).toBe(false);
    expect(idle.hear('alice', 3, 600)).toBe(false);
    // bob computes while alice waits for it.
    expect(idle.hear('bob', 3.6, 605)).toBe(false);
    expect(idle.hear('alice', 3.1, 704)).toBe(false);
    expect(idle.hear('bob', 3.7, 705)).toBe(true);
  });
});

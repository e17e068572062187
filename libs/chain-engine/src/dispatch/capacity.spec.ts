import { beforeEach, describe, expect, test } from '@jest/globals';
import { Capacity } from './capacity.js';

describe('capacity at the workers', () => {
  let capacity: Capacity;
  const refresh = (inFlight: number, tenants: string[] = []): void =>
    capacity.refresh([{ task_type: 'psi', slots: '2', in_flight: inFlight, tenants, shared: false }]);
  const openOf = (type: string, most: number): number | undefined => {
    const { types, places } = capacity.openings(most);
    return places[types.indexOf(type)];
  };
  beforeEach(() => {
    capacity = new Capacity();
  });

  test('is twice the slots, and none of a type that no worker runs', () => {
    refresh(1);
    expect([1, 2, 3, 4].map(() => capacity.take('psi', 'a'))).toEqual([true, true, true, false]);
    capacity.give('psi');
    expect(capacity.take('psi', 'a')).toBe(true);
    expect(capacity.take('vif', 'a')).toBe(false);
  });

  test('grows where runs are short, by what the slots end in 50 ms, up to 50 jobs', () => {
    const inFlight = (slots: number): number => {
      capacity.refresh([{ task_type: 'psi', slots: String(slots), in_flight: 0, tenants: [], shared: false }]);
      return capacity.places(1_000).places[0]!;
    };
    capacity.ended('psi', undefined);
    expect(inFlight(2)).toBe(4);
    capacity.ended('psi', 10);
    expect(inFlight(2)).toBe(2 + 10);
    expect([inFlight(20), inFlight(60)]).toEqual([20 + 50, 60 + 60]);
    // One long run among short ones is taken for more to come; many short ones outweigh it.
    capacity.ended('psi', 10_000);
    expect(inFlight(2)).toBe(4);
    for (let i = 0; i < 100; i++) capacity.ended('psi', 0);
    expect(inFlight(2)).toBe(2 + 50);
    // Another type has its own mean.
    capacity.refresh([{ task_type: 'vif', slots: '2', in_flight: 0, tenants: [], shared: false }]);
    expect(capacity.places(1_000).places[0]).toBe(4);
  });

  test('is without limit for control tasks, which lie in no queue', () => {
    expect(capacity.take('wait', 'a')).toBe(false);
    refresh(0);
    for (let i = 0; i < 1_000; i++) expect(capacity.take('wait', 'a')).toBe(true);
    expect(openOf('wait', 500)).toBe(500);
    expect(openOf('psi', 500)).toBe(4);
  });

  test('lets a tenant that waits alone go on, and nobody past another that waits', () => {
    refresh(0, ['a']);
    expect(capacity.take('psi', 'a')).toBe(true);
    expect(capacity.take('psi', 'b')).toBe(false);
    expect(capacity.take('psi', 'a')).toBe(false);
    expect(openOf('psi', 10)).toBe(3);
    // Fewer were claimed than there was capacity for: none waits any more.
    capacity.claimed('psi', 2, 3, ['a', 'b']);
    expect(capacity.take('psi', 'b')).toBe(true);
  });

  test('keeps turns while all that was asked for was claimed', () => {
    refresh(0, ['a', 'b']);
    capacity.claimed('psi', 2, 2, ['a', 'b']);
    expect(capacity.take('psi', 'a')).toBe(false);
    capacity.claimed('psi', 1, 1, ['b']);
    expect(capacity.take('psi', 'b')).toBe(true);
  });
});

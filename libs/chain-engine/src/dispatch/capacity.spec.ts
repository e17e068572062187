import { beforeEach, describe, test } from 'node:test';
import { expect } from 'expect';
import { Room } from './capacity.js';

describe('room at the workers', () => {
  let room: Room;
  const refresh = (inFlight: number, tenants: string[] = []): void =>
    room.refresh([{ task_type: 'psi', slots: '2', in_flight: inFlight, tenants, shared: false }]);
  beforeEach(() => {
    room = new Room();
  });

  test('is twice the slots, and none of a type that no worker runs', () => {
    refresh(1);
    expect([1, 2, 3, 4].map(() => room.take('psi', 'a'))).toEqual([true, true, true, false]);
    room.give('psi');
    expect(room.take('psi', 'a')).toBe(true);
    expect(room.take('vif', 'a')).toBe(false);
  });

  test('lets a tenant that waits alone go on, and nobody past another that waits', () => {
    refresh(0, ['a']);
    expect(room.take('psi', 'a')).toBe(true);
    expect(room.take('psi', 'b')).toBe(false);
    expect(room.take('psi', 'a')).toBe(false);
    expect(room.openings(10)).toEqual({ types: ['psi'], places: [3] });
    // Fewer were claimed than there was room for: none waits any more.
    room.claimed('psi', 2, 3, ['a', 'b']);
    expect(room.take('psi', 'b')).toBe(true);
  });

  test('keeps turns while all that was asked for was claimed', () => {
    refresh(0, ['a', 'b']);
    room.claimed('psi', 2, 2, ['a', 'b']);
    expect(room.take('psi', 'a')).toBe(false);
    room.claimed('psi', 1, 1, ['b']);
    expect(room.take('psi', 'b')).toBe(true);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Chain, Task } from '#libs/chain-domain';
import type { ChainSave, LoadedChain, TurnOf } from '#libs/repositories';
import { ChainCache, WHOLE_CHAIN_TASKS } from './chain-cache.js';

describe('the chain cache', () => {
  const clock = { now: 1_000 };
  const cacheOf = (): ChainCache => new ChainCache(() => clock.now);

  it('gives a chain with the version that its save left, and the clock as it goes by now', () => {
    const cache = cacheOf();
    cache.stored(saveOf(chainOf('c1', 3), { changed: 1 }));
    clock.now += 250;
    expect(cache.take('c1')).toMatchObject({ chainId: 'c1', version: 8, nowMs: 50_250, readAt: clock.now });
  });

  it('leaves the version of a chain in which nothing changed', () => {
    const cache = cacheOf();
    cache.stored(saveOf(chainOf('c1', 3), { changed: 0 }));
    expect(cache.take('c1')?.version).toBe(7);
  });

  it('gives a chain to one at a time', () => {
    const cache = cacheOf();
    cache.stored(saveOf(chainOf('c1', 3)));
    expect(cache.take('c1')).toBeDefined();
    expect(cache.take('c1')).toBeUndefined();
  });

  it('keeps no chain that has ended, is large, or was not read whole', () => {
    const cache = cacheOf();
    cache.stored(saveOf(chainOf('ended', 3, { status: 'SUCCESS' })));
    cache.stored(saveOf(chainOf('large', WHOLE_CHAIN_TASKS + 1)));
    cache.stored(saveOf(chainOf('partly', 3, { totalTasks: 4 })));
    for (const id of ['ended', 'large', 'partly']) expect(cache.take(id)).toBeUndefined();
  });

  it('keeps no chain for longer than a minute', () => {
    const cache = cacheOf();
    cache.stored(saveOf(chainOf('c1', 3)));
    clock.now += 60_001;
    expect(cache.take('c1')).toBeUndefined();
  });

  it('neither reads whole nor keeps a chain that others change too, for 10 s', () => {
    const cache = cacheOf();
    expect(cache.wholeUpTo('c1')).toBe(WHOLE_CHAIN_TASKS);
    cache.conflicted('c1');
    cache.stored(saveOf(chainOf('c1', 3)));
    expect([cache.take('c1'), cache.wholeUpTo('c1')]).toEqual([undefined, 0]);
    clock.now += 10_001;
    expect(cache.wholeUpTo('c1')).toBe(WHOLE_CHAIN_TASKS);
  });

  it('forgets what was changed otherwise, and everything after a save of unknown outcome', () => {
    const cache = cacheOf();
    for (const id of ['c1', 'c2']) cache.stored(saveOf(chainOf(id, 3)));
    cache.forget('c1');
    expect(cache.take('c1')).toBeUndefined();
    cache.clear();
    expect(cache.take('c2')).toBeUndefined();
  });

  it('lets the oldest go when it is full', () => {
    const cache = cacheOf();
    const fits = Math.floor(20_000 / WHOLE_CHAIN_TASKS);
    for (let i = 0; i <= fits; i++) cache.stored(saveOf(chainOf(`c${i}`, WHOLE_CHAIN_TASKS)));
    expect(cache.take('c0')).toBeUndefined();
    expect(cache.take('c1')).toBeDefined();
    expect(cache.take(`c${fits}`)).toBeDefined();
  });

  it('counts what a turn keeps for the next one', () => {
    const cache = cacheOf();
    for (let i = 0; i <= 666; i++) cache.stored(saveOf({ ...chainOf(`c${i}`, 1), turnOf: { weight: 29 } as TurnOf }));
    expect(cache.take('c0')).toBeUndefined();
    expect(cache.take('c1')).toBeDefined();
    cache.stored(saveOf(chainOf('other', 30)));
    expect(cache.take('c2')).toBeDefined();
  });

  function chainOf(chainId: string, tasks: number, chain: Partial<Chain> = {}): LoadedChain {
    const state = { chain: { status: 'RUNNING', totalTasks: tasks, ...chain } as Chain, tasks: new Map() };
    const rows = new Map(
      Array.from({ length: tasks }, (_, i) => [i, { id: i, taskRequestId: `r${i}`, grouped: false }]),
    );
    return {
      chainId,
      tenantId: 'default',
      version: 7,
      nowMs: 50_000,
      lagMs: 0,
      readAt: clock.now,
      compensates: false,
      parentId: null,
      turn: 0,
      state,
      rows,
      positions: new Map(),
    };
  }

  function saveOf(loaded: LoadedChain, { changed }: { changed: number } = { changed: 1 }): ChainSave {
    const tasks = Array.from({ length: changed }, (_, i): [number, Task] => [i, {} as Task]);
    const nothing = { dispatched: new Set<number>(), reports: new Map(), events: [], attempts: [], artifacts: [] };
    return { loaded, before: loaded.state.chain, changed: new Map(tasks), ...nothing, outbox: [] };
  }
});

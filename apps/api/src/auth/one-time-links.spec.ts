import { describe, expect, it } from '@jest/globals';
import { OneTimeLinks } from './one-time-links.js';

const from = (token: string) => ({
  headers: { authorization: `Link ${token}`, host: 'localhost:3000' },
  ip: '127.0.0.1',
});

describe('a one-time link', () => {
  it('lives for 60 s', () => {
    const links = new OneTimeLinks();
    const [early, late] = [links.make('Bearer a', 0), links.make('Bearer b', 0)];
    expect(links.open(from(early.token), 59_999)).toBe('Bearer a');
    expect(() => links.open(from(late.token), 60_000)).toThrow('older than 60 s');
  });

  it('is one of 100 that wait at most', () => {
    const links = new OneTimeLinks();
    for (let i = 0; i < 100; i++) links.make('Bearer a', 0);
    expect(() => links.make('Bearer a', 59_999)).toThrow('100 links wait');
    expect(links.make('Bearer a', 60_000).seconds).toBe(60);
  });

  it('is nothing that a request without one is asked for', () => {
    expect(new OneTimeLinks().open({ headers: { authorization: 'Bearer a' }, ip: '10.0.0.7' })).toBeUndefined();
  });
});

import { describe, expect, it } from '@jest/globals';
import { isOpenedEntry } from './opened-entry.js';

const ENTRY = {
  id: 'e-1',
  at: '2026-11-27T08:00:00.000Z',
  to: ['bob'],
  datasets: ['c'],
  versions: ['c@1'],
  figures: { y: 9 },
  bits: { y: 99 },
};

describe('an entry of a ledger', () => {
  it('is taken as it is', () => {
    expect(isOpenedEntry(ENTRY)).toBe(true);
    expect(isOpenedEntry({ ...ENTRY, members: ['alice', 'bob'] })).toBe(true);
    expect(isOpenedEntry({ ...ENTRY, counts: { predictions: 569 } })).toBe(true);
    expect(isOpenedEntry({ ...ENTRY, epsilon: 0.5 })).toBe(true);
    expect(isOpenedEntry({ ...ENTRY, chosen: true })).toBe(true);
    expect(isOpenedEntry({ ...ENTRY, id: 'x'.repeat(64), at: '2026-11-27T08:00:00Z', figures: { y: 0 } })).toBe(true);
    const names = ['x'.repeat(255), ...Array.from({ length: 999 }, () => 'x')];
    expect(isOpenedEntry({ ...ENTRY, to: names, datasets: [], versions: [] })).toBe(true);
  });

  it.each<[string, unknown]>([
    ['no object', null],
    ['no id', { ...ENTRY, id: undefined }],
    ['an id that is too long', { ...ENTRY, id: 'x'.repeat(65) }],
    ['an impossible time', { ...ENTRY, at: '2026-13-27T08:00:00Z' }],
    ['a time of another form', { ...ENTRY, at: 'yesterday' }],
    ['a time with something before it', { ...ENTRY, at: ' 2026-11-27T08:00:00Z' }],
    ['a time of a year of six digits', { ...ENTRY, at: '+002026-11-27T08:00:00Z' }],
    ['a time of parts of milliseconds', { ...ENTRY, at: '2026-11-27T08:00:00.1234Z' }],
    ['a time with something after it', { ...ENTRY, at: '2026-11-27T08:00:00Z ' }],
    ['a time of another zone', { ...ENTRY, at: '2026-11-27T08:00:00+01:00' }],
    ['a name that is too long', { ...ENTRY, datasets: ['x'.repeat(256)] }],
    ['an epsilon without end', { ...ENTRY, epsilon: Infinity }],
    ['numbers that are too large', { ...ENTRY, bits: { y: 2 ** 53 } }],
    ['names that are none', { ...ENTRY, to: [1] }],
    ['too many names', { ...ENTRY, versions: Array.from({ length: 1001 }, () => 'c@1') }],
    ['members that are none', { ...ENTRY, members: 'alice' }],
    ['what is chosen as no truth', { ...ENTRY, chosen: 'yes' }],
    ['counts below 0', { ...ENTRY, bits: { y: -1 } }],
    ['counts that are none', { ...ENTRY, figures: { y: 0.5 } }],
    ['numbers of other things that are none', { ...ENTRY, counts: { predictions: 'all' } }],
    ['an epsilon of none', { ...ENTRY, epsilon: 0 }],
    ['an epsilon that is none', { ...ENTRY, epsilon: '1' }],
    ['what PostgreSQL cannot store', { ...ENTRY, bits: { 'y\0': 1 } }],
  ])('is refused with %s', (_, value) => expect(isOpenedEntry(value)).toBe(false));
});

import { describe, expect, it } from '@jest/globals';
import { judgeSearch } from './proof.js';
import type { Searched } from './search.js';

const CHAIN = 'chain-1';
const names = ['ids', 'hashes of ids', 'area'];
const place = (where: string, found: readonly string[], skipped?: string): Searched => ({
  ...{ where, bytes: 1, found: new Set(found) },
  ...(skipped !== undefined && { skipped }),
});
const atSites = place('sites', ['ids', 'area']);
const judge = (there: Searched[], sites = atSites, seesMemory = true) =>
  judgeSearch([place('database', [CHAIN]), ...there], sites, names, CHAIN, seesMemory);

describe('the proof that nothing is left with the control plane', () => {
  it('holds where the search finds what has to be there, and nothing else', () => {
    expect(judge([place('memory', [CHAIN])])).toEqual({ canFind: true, holds: true });
  });

  for (const name of names)
    it(`does not hold where ${name} are found`, () =>
      expect(judge([place('files', [CHAIN, name])])).toEqual({ canFind: true, holds: false }));

  it('does not hold where the search cannot find', () => {
    const cannot = { canFind: false, holds: false };
    expect(judge([place('memory', [])])).toEqual(cannot);
    for (const found of [[], ['ids'], ['area']]) expect(judge([], place('sites', found))).toEqual(cannot);
  });

  it('does not hold where memory was not seen, but on a system that shows none', () => {
    const unseen = place('memory', [], 'EACCES');
    expect(judge([unseen])).toEqual({ canFind: false, holds: false });
    expect(judge([unseen], atSites, false)).toEqual({ canFind: true, holds: true });
  });
});

import { describe, expect, it } from '@jest/globals';
import { sourceKey, sourceOf } from './source-of.js';

const OWN = 'artifact:c1/t/report.html';
const OTHER = 'artifact:c2/t/report.html';

describe('what made an artifact', () => {
  it('is named by its task, and by its chain as well where that is another one', () => {
    expect([sourceKey(OWN, 'c1'), sourceKey(OTHER, 'c1'), sourceKey(OWN, 'c2')]).toEqual(['t', 'c2/t', 'c1/t']);
  });

  it('is what `from` says under that name: a task of the same id in another chain is not it', async () => {
    const withdrawn = { kind: 'approval', task: 'sha256:other', decision: 'withdraw' };
    const reader = {
      ...{ party: 'alice', owner: {}, chainId: 'c1', task: 'sha256:reader' },
      statements: new Map([['approval', withdrawn]]),
      from: { t: 'sha256:own', 'c2/t': 'sha256:other' },
    };
    const read = (label: string) => sourceOf(reader as never, label, undefined, {} as never);
    expect(await read(OWN)).toEqual({ versions: [], plain: false });
    await expect(read(OTHER)).rejects.toMatchObject({ code: 'POLICY_REFUSED' });
  });
});

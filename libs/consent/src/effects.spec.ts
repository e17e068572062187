import { describe, expect, it } from '@jest/globals';
import { effectsReaders } from './effects.js';
import type { PolicyStatement } from './statements.js';

const NOW = '2027-01-01T00:00:00Z';

function policy(dataset: string, effects_to?: string[], expires_at = '2028-01-01T00:00:00Z'): PolicyStatement {
  const signed = { kind: 'policy', party: 'alice', serial: 1, issued_at: '2026-01-01T00:00:00Z' } as const;
  return { ...signed, dataset, expires_at, rules: [], ...(effects_to && { effects_to }) };
}

describe('effects of the columns of datasets', () => {
  it('go to the parties that every one of the policies names', () => {
    const policies = [policy('one', ['bob', 'carol']), policy('two', ['carol', 'dave']), policy('three')];
    expect(effectsReaders(['one'], policies, NOW)).toEqual(['bob', 'carol']);
    expect(effectsReaders(['one', 'two'], policies, NOW)).toEqual(['carol']);
    expect(effectsReaders(['one', 'three'], policies, NOW)).toEqual([]);
  });

  it('go to nobody without a policy, or after its end', () => {
    expect(effectsReaders([], [policy('one', ['bob'])], NOW)).toEqual([]);
    expect(effectsReaders(['two'], [policy('one', ['bob'])], NOW)).toEqual([]);
    expect(effectsReaders(['one'], [policy('one', ['bob'], NOW)], NOW)).toEqual([]);
  });
});

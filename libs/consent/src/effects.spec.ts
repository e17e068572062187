import { describe, expect, it } from '@jest/globals';
import { readersOf } from './effects.js';
import type { PolicyStatement } from './statements.js';

const NOW = '2027-01-01T00:00:00Z';

function policy(dataset: string, effects_to?: string[], expires_at = '2028-01-01T00:00:00Z'): PolicyStatement {
  const signed = { kind: 'policy', party: 'alice', serial: 1, issued_at: '2026-01-01T00:00:00Z' } as const;
  return { ...signed, dataset, expires_at, rules: [], ...(effects_to && { effects_to }) };
}

describe('effects of the columns of datasets', () => {
  it('go to the parties that every one of the policies names', () => {
    const policies = [policy('one', ['bob', 'carol']), policy('two', ['carol', 'dave']), policy('three')];
    expect(readersOf('effects_to', ['one'], policies, NOW)).toEqual(['bob', 'carol']);
    expect(readersOf('effects_to', ['one', 'two'], policies, NOW)).toEqual(['carol']);
    expect(readersOf('effects_to', ['one', 'three'], policies, NOW)).toEqual([]);
  });

  it('go to nobody without a policy, or after its end', () => {
    expect(readersOf('effects_to', [], [policy('one', ['bob'])], NOW)).toEqual([]);
    expect(readersOf('effects_to', ['two'], [policy('one', ['bob'])], NOW)).toEqual([]);
    expect(readersOf('effects_to', ['one'], [policy('one', ['bob'], NOW)], NOW)).toEqual([]);
  });

  it('are named apart from coefficients', () => {
    const named: PolicyStatement = { ...policy('one', ['bob']), coefficients_to: ['carol'] };
    expect(readersOf('coefficients_to', ['one'], [named], NOW)).toEqual(['carol']);
    expect(readersOf('coefficients_to', ['one'], [policy('one', ['bob'])], NOW)).toEqual([]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { STATEMENT_SCHEMAS, type Statement, type StatementKind } from './statements.js';

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
const CHECKS = new Map(Object.entries(STATEMENT_SCHEMAS).map(([kind, schema]) => [kind, ajv.compile(schema)]));
const faultOf = (statement: object) => {
  const check = CHECKS.get((statement as Statement).kind)!;
  return check(statement) ? undefined : check.errors!.map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
};

const TIME = '2026-11-27T12:00:00Z';
const base = { party: 'Bank-a_1', serial: 1, issued_at: TIME };
const party = { kind: 'party', ...base, recipients: ['age1x'] } as const;
const dataset = {
  ...{ kind: 'dataset', ...base, name: 'customers.2026_a-b', version: 1, file: 'a.csv' },
  ...{ digest: `hmac-sha256:${'0f'.repeat(32)}`, format: 'csv', columns: [{ name: 'id', type: 'int' }], rows: 0 },
} as const;
const rule = { effect: 'allow', task_types: ['psi'] } as const;
const policy = { kind: 'policy', ...base, dataset: 'customers', expires_at: TIME, rules: [rule] } as const;
const approval = {
  ...{ kind: 'approval', ...base, chain_id: 'c', task_id: 't', task: `sha256:${'0f'.repeat(32)}` },
  ...{ expires_at: TIME, decision: 'approve' },
} as const;
const hole = { like: 'dataset:a/b@#', min: 0, max: 1, enum: ['a', null], each: { each: { min: 0 } } } as const;
const coveredTask = {
  ...{ task_id: 't', task_type: 'psi', params: {}, uses: 1_000_000 },
  ...{ holes: { '/a/b~1c': hole }, from: { psi: null, fit: approval.task } },
} as const;
const standing = {
  ...{ kind: 'standing', ...base, name: 'nightly.1', expires_at: TIME, decision: 'approve' },
  ...{ origin: 'schedule:schedule-1', proposer: null, tasks: [coveredTask] },
} as const;
const covering = (more: object) => ({ ...standing, tasks: [{ ...coveredTask, ...more }] });
const open = (bounds: object) => covering({ holes: { '/a': bounds } });
const ruled = (more: object) => ({ ...policy, rules: [{ ...rule, ...more }] });
const bounded = (pointer: string, bounds: object) => ruled({ params: { [pointer]: bounds } });
const many = (length: number) => Array.from({ length }, (_, i) => `n${i}`);

describe('a statement', () => {
  it.each<[string, object]>([
    ['of a party', party],
    ['of a party without recipients', { ...party, recipients: [] }],
    ['of a time with milliseconds', { ...party, issued_at: '2026-11-27T12:00:00.123Z' }],
    ['of a dataset', dataset],
    [
      'of a dataset with all fields',
      { ...dataset, format: 'parquet', removed: true, show_rows: false, purposes: ['x'] },
    ],
    ['of a policy', policy],
    ['of a policy without rules', { ...policy, rules: [] }],
    [
      'of a policy with all fields',
      {
        ...policy,
        rules: [
          {
            ...{
              effect: 'ask',
              task_types: ['psi'],
              engines: ['native'],
              with: ['bob'],
              proposers: ['bob'],
              words: 'ask me',
            },
            ...{
              purposes: ['x'],
              receivers: ['bob'],
              min_rows: 1,
              columns: { keys: ['id'] },
              uses: { max: 1, days: 3_660 },
            },
            params: { '/a/b~1c': { min: -1.5, max: 2, enum: ['a', 1, true, null] } },
          },
          { ...rule, effect: 'refuse' },
        ],
        budget: { bits: 0, sums_apart: 1, sums: 2, epsilon: 0.5 },
        min_group_rows: 20,
        effects_to: ['bob'],
        coefficients_to: ['bob'],
        bounds: { age: { min: -1e15, max: 1e15 } },
        sites: 'only',
      },
    ],
    ['of an approval', approval],
    ['of an approval with all fields', { ...approval, decision: 'refuse', words: 'no', runs: 1_000 }],
    ['of a standing approval', standing],
    ['of a standing approval with a purpose', { ...standing, proposer: 'bob', purpose: 'x', decision: 'withdraw' }],
    ['that withdraws', { ...approval, decision: 'withdraw' }],
  ])('%s is taken', (_, statement) => expect(faultOf(statement)).toBeUndefined());

  it.each<[StatementKind, object]>([
    ['party', party],
    ['dataset', dataset],
    ['policy', policy],
    ['approval', approval],
    ['standing', standing],
  ])('of the kind %s has all its fields and no other', (kind, whole) => {
    const without = (name: string) => Object.fromEntries(Object.entries(whole).filter(([each]) => each !== name));
    for (const name of Object.keys(whole).filter((each) => each !== 'kind')) {
      expect(faultOf({ ...without(name), kind })).toEqual([' required']);
    }
    expect(CHECKS.get(kind)!(without('kind'))).toBe(false);
    expect(CHECKS.get(kind)!({ ...whole, kind: 'other' })).toBe(false);
    expect(faultOf({ ...whole, kind, other: 1 })).toEqual([' additionalProperties']);
  });

  it.each<[string, object]>([
    ['/party pattern', { ...party, party: '1a' }],
    ['/party pattern', { ...party, party: `a${'b'.repeat(64)}` }],
    ['/party type', { ...party, party: 1 }],
    ['/serial minimum', { ...party, serial: 0 }],
    ['/serial maximum', { ...party, serial: 2 ** 53 }],
    ['/serial type', { ...party, serial: 1.5 }],
    ['/issued_at pattern', { ...party, issued_at: '2026-13-27T12:00:00Z' }],
    ['/expires_at pattern', { ...policy, expires_at: '2026-11-27T24:00:00Z' }],
    ['/issued_at pattern', { ...party, issued_at: `x${TIME}` }],
    ['/issued_at pattern', { ...party, issued_at: `${TIME}x` }],
    ['/issued_at type', { ...party, issued_at: 7 }],
    ['/recipients type', { ...party, recipients: 'age1x' }],
    ['/recipients maxItems', { ...party, recipients: many(1_001) }],
    ['/recipients/0 minLength', { ...party, recipients: [''] }],
    ['/recipients/0 maxLength', { ...party, recipients: ['x'.repeat(1_001)] }],
    ['/recipients/0 type', { ...party, recipients: [1] }],
    ['/name pattern', { ...dataset, name: '../b' }],
    ['/name pattern', { ...dataset, name: 'a/b' }],
    ['/name pattern', { ...dataset, name: `a${'b'.repeat(64)}` }],
    ['/name type', { ...dataset, name: 1 }],
    ['/version minimum', { ...dataset, version: 0 }],
    ['/file maxLength', { ...dataset, file: 'x'.repeat(1_001) }],
    ['/digest pattern', { ...dataset, digest: `x${dataset.digest}` }],
    ['/digest pattern', { ...dataset, digest: `${dataset.digest}0` }],
    ['/digest type', { ...dataset, digest: 1 }],
    ['/format enum', { ...dataset, format: 'xls' }],
    ['/columns type', { ...dataset, columns: 'id' }],
    ['/columns minItems', { ...dataset, columns: [] }],
    ['/columns maxItems', { ...dataset, columns: many(10_001).map((name) => ({ name, type: 'int' })) }],
    ['/columns/0 required', { ...dataset, columns: [{ name: 'id' }] }],
    ['/columns/0 required', { ...dataset, columns: [{ type: 'int' }] }],
    ['/columns/0 type', { ...dataset, columns: ['id'] }],
    ['/columns/0 additionalProperties', { ...dataset, columns: [{ name: 'id', type: 'int', more: 1 }] }],
    ['/columns/0/name maxLength', { ...dataset, columns: [{ name: 'x'.repeat(256), type: 'int' }] }],
    ['/columns/0/type maxLength', { ...dataset, columns: [{ name: 'id', type: 'x'.repeat(33) }] }],
    ['/rows minimum', { ...dataset, rows: -1 }],
    ['/rows maximum', { ...dataset, rows: 2 ** 53 }],
    ['/rows type', { ...dataset, rows: '1' }],
    ['/removed type', { ...dataset, removed: 'yes' }],
    ['/show_rows type', { ...dataset, show_rows: 1 }],
    ['/purposes minItems', { ...dataset, purposes: [] }],
    ['/purposes/0 maxLength', { ...dataset, purposes: ['x'.repeat(201)] }],
    ['/dataset pattern', { ...policy, dataset: 'A' }],
    ['/expires_at pattern', { ...policy, expires_at: 'tomorrow' }],
    ['/rules type', { ...policy, rules: rule }],
    ['/rules maxItems', { ...policy, rules: many(101).map(() => rule) }],
    ['/rules/0/effect enum', ruled({ effect: 'maybe' })],
    ['/rules/0/task_types minItems', ruled({ task_types: [] })],
    ['/rules/0/engines type', ruled({ engines: 'native' })],
    ['/name pattern', { ...standing, name: 'a/b' }],
    ['/decision enum', { ...standing, decision: 'refuse' }],
    ['/origin pattern', { ...standing, origin: 'chain-1' }],
    ['/origin pattern', { ...standing, origin: `chain:${'a'.repeat(65)}` }],
    ['/tasks minItems', { ...standing, tasks: [] }],
    ['/tasks maxItems', { ...standing, tasks: Array.from({ length: 101 }, () => coveredTask) }],
    ['/purpose maxLength', { ...standing, purpose: 'x'.repeat(201) }],
    ['/tasks/0 additionalProperties', covering({ more: 1 })],
    ['/tasks/0/params type', covering({ params: 1 })],
    ['/tasks/0/uses minimum', covering({ uses: 0 })],
    ['/tasks/0/uses maximum', covering({ uses: 1_000_001 })],
    ['/tasks/0/from/psi pattern', covering({ from: { psi: 'sha256:1' } })],
    ['/tasks/0/holes/~1a minProperties', open({})],
    ['/tasks/0/holes/~1a additionalProperties', open({ pattern: '.*' })],
    ['/tasks/0/holes/~1a/like pattern', open({ like: '##' })],
    ['/tasks/0/holes/~1a/like pattern', open({ like: '#1' })],
    ['/tasks/0/holes/~1a/each minProperties', open({ each: {} })],
    ['/rules/0/with/0 pattern', ruled({ with: ['1'] })],
    ['/rules/0/proposers/0 pattern', ruled({ proposers: ['1'] })],
    ['/rules/0/receivers/0 pattern', ruled({ receivers: ['1'] })],
    ['/rules/0/purposes minItems', ruled({ purposes: [] })],
    ['/rules/0/purposes/0 maxLength', ruled({ purposes: ['x'.repeat(201)] })],
    ['/rules/0/min_rows minimum', ruled({ min_rows: 0 })],
    ['/rules/0/min_rows maximum', ruled({ min_rows: 2 ** 53 })],
    ['/rules/0/min_rows type', ruled({ min_rows: 1.5 })],
    ['/rules/0/columns type', ruled({ columns: ['id'] })],
    ['/rules/0/columns maxProperties', ruled({ columns: Object.fromEntries(many(11).map((name) => [name, []])) })],
    ['/rules/0/columns/keys type', ruled({ columns: { keys: 'id' } })],
    ['/rules/0/columns/keys maxItems', ruled({ columns: { keys: many(10_001) } })],
    ['/rules/0/params type', ruled({ params: ['/a'] })],
    ['/rules/0/params maxProperties', ruled({ params: Object.fromEntries(many(101).map((name) => [`/${name}`, {}])) })],
    ['/rules/0/params pattern', bounded('a', {})],
    ['/rules/0/params pattern', bounded('/a/', {})],
    ['/rules/0/params/~1a additionalProperties', bounded('/a', { least: 1 })],
    ['/rules/0/params/~1a/min type', bounded('/a', { min: '1' })],
    ['/rules/0/params/~1a/max type', bounded('/a', { max: '1' })],
    ['/rules/0/params/~1a/enum type', bounded('/a', { enum: 'a' })],
    ['/rules/0/params/~1a/enum minItems', bounded('/a', { enum: [] })],
    ['/rules/0/params/~1a/enum/0 type', bounded('/a', { enum: [[1]] })],
    ['/rules/0/uses required', ruled({ uses: { max: 1 } })],
    ['/rules/0/uses required', ruled({ uses: { days: 1 } })],
    ['/rules/0/uses/max minimum', ruled({ uses: { max: 0, days: 1 } })],
    ['/rules/0/uses/max type', ruled({ uses: { max: 1.5, days: 1 } })],
    ['/rules/0/uses/days minimum', ruled({ uses: { max: 1, days: 0 } })],
    ['/rules/0/uses/days maximum', ruled({ uses: { max: 1, days: 3_661 } })],
    ['/rules/0/uses/days type', ruled({ uses: { max: 1, days: 1.5 } })],
    ['/rules/0/words maxLength', ruled({ words: 'x'.repeat(2_001) })],
    ['/budget additionalProperties', { ...policy, budget: { more: 1 } }],
    ['/budget/bits minimum', { ...policy, budget: { bits: -1 } }],
    ['/budget/bits maximum', { ...policy, budget: { bits: 2 ** 53 } }],
    ['/budget/bits type', { ...policy, budget: { bits: 0.5 } }],
    ['/budget/sums_apart type', { ...policy, budget: { sums_apart: '1' } }],
    ['/budget/sums type', { ...policy, budget: { sums: '1' } }],
    ['/budget/epsilon exclusiveMinimum', { ...policy, budget: { epsilon: 0 } }],
    ['/budget/epsilon maximum', { ...policy, budget: { epsilon: 1_000_001 } }],
    ['/budget/epsilon type', { ...policy, budget: { epsilon: '1' } }],
    ['/min_group_rows minimum', { ...policy, min_group_rows: 19 }],
    ['/effects_to/0 pattern', { ...policy, effects_to: ['1'] }],
    ['/coefficients_to/0 pattern', { ...policy, coefficients_to: ['1'] }],
    ['/bounds type', { ...policy, bounds: [] }],
    ['/bounds/age required', { ...policy, bounds: { age: { min: 0 } } }],
    ['/bounds/age required', { ...policy, bounds: { age: { max: 0 } } }],
    ['/bounds/age/min minimum', { ...policy, bounds: { age: { min: -2e15, max: 0 } } }],
    ['/bounds/age/max maximum', { ...policy, bounds: { age: { min: 0, max: 2e15 } } }],
    ['/bounds/age/min type', { ...policy, bounds: { age: { min: '0', max: 1 } } }],
    ['/bounds minLength', { ...policy, bounds: { '': { min: 0, max: 1 } } }],
    ['/chain_id maxLength', { ...approval, chain_id: 'x'.repeat(65) }],
    ['/task_id maxLength', { ...approval, task_id: 'x'.repeat(65) }],
    ['/task pattern', { ...approval, task: `x${approval.task}` }],
    ['/task pattern', { ...approval, task: `${approval.task}0` }],
    ['/task type', { ...approval, task: 1 }],
    ['/decision enum', { ...approval, decision: 'maybe' }],
    ['/words minLength', { ...approval, words: '' }],
    ['/words maxLength', { ...approval, words: 'x'.repeat(2_001) }],
    ['/runs minimum', { ...approval, runs: 0 }],
    ['/runs maximum', { ...approval, runs: 1_001 }],
    ['/runs type', { ...approval, runs: 1.5 }],
  ])('is refused for %s', (fault, statement) => expect(faultOf(statement)).toContain(fault));
});

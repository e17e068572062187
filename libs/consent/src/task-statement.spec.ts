import { describe, expect, it } from '@jest/globals';
import { canonicalTask, isAsWritten, partiesOf, purposeOf, resolvesTo, type TaskStatement } from './task-statement.js';
import { parseDatasetRef, subjectOf } from './statements.js';
import { INPUT_FIELDS, usesOf } from './uses.js';

const task: TaskStatement = {
  chain_id: 'chain-1',
  task_id: 'psi',
  task_type: 'psi',
  proposer: 'bob',
  params: { task_config: { keys: { bob: ['x'], alice: ['id'] } } },
  from: { scale: 'sha256:00' },
};

describe('a canonical task', () => {
  it('changes with everything in it, and with nothing else', () => {
    const form = canonicalTask(task);
    expect(canonicalTask({ ...task, params: { task_config: { keys: { alice: ['id'], bob: ['x'] } } } })).toBe(form);
    expect(canonicalTask({ ...task, note: 'n' } as TaskStatement)).toBe(form);
    expect(canonicalTask({ ...task, purpose: undefined })).toBe(form);
    const changes: Partial<TaskStatement>[] = [
      { chain_id: 'chain-2' },
      { task_id: 'p' },
      { task_type: 'encrypt' },
      { proposer: null },
      { purpose: 'scoring' },
      { purpose: '' },
      { params: { task_config: { keys: { bob: ['x'], alice: ['name'] } } } },
      { from: { scale: 'sha256:01' } },
      { from: {} },
    ];
    const forms = changes.map((change) => canonicalTask({ ...task, ...change }));
    expect(new Set([form, ...forms]).size).toBe(changes.length + 1);
  });
});

describe('the purpose of a chain', () => {
  it('is a short text of its metadata', () => {
    expect(purposeOf({ purpose: '信用评分', ticket: 1 })).toBe('信用评分');
    for (const other of [null, undefined, 1, {}, { purpose: 1 }, { purpose: '' }, { purpose: 'x'.repeat(201) }]) {
      expect(purposeOf(other)).toBeUndefined();
    }
  });
});

describe('parameters', () => {
  it('resolve to what differs in references alone', () => {
    const written = { a: '${tasks.x.result.path}', b: [1, 'x ${tasks.x.result.n} y'], c: '$${plain}', d: null };
    expect(resolvesTo(written, { a: ['any'], b: [1, 'x 7 y'], c: '${plain}', d: null })).toBe(true);
    for (const other of [
      { a: 1, b: [2, 'x'], c: '${plain}', d: null },
      { a: 1, b: [1], c: '${plain}', d: null },
      { a: 1, b: [1, 'x', 2], c: '${plain}', d: null },
      { a: 1, b: [1, 'x'], c: 'plain', d: null },
      { a: 1, b: [1, 'x'], c: '${plain}', d: 0 },
      { a: 1, b: [1, 'x'], c: '${plain}' },
      { a: 1, b: [1, 'x'], c: '${plain}', d: null, e: 1 },
      { a: 1, b: { 0: 1, 1: 'x' }, c: '${plain}', d: null },
      [],
      null,
      'x',
    ]) {
      expect([other, resolvesTo(written, other)]).toEqual([other, false]);
    }
  });
});

describe('parameters are as they were written', () => {
  const written = (config: object) => ({ sf_init_config: { parties: ['a'] }, task_config: config }) as never;
  it('whatever files a reference leads to, and in all else', () => {
    const files = { a: 'artifact:c/t/a/x.csv' };
    expect(
      isAsWritten(written({ input_data: '${tasks.t.result.paths}', k: 1 }), written({ input_data: files, k: 1 })),
    ).toBe(true);
    expect(isAsWritten(written({ input_data: { a: '${tasks.t.result.path}' } }), written({ input_data: files }))).toBe(
      true,
    );
    expect(isAsWritten(written({ model: 'logistic' }), written({ model: 'linear' }))).toBe(false);
    expect(isAsWritten(written({ model: '${tasks.t.result.kind}' }), written({ model: 'linear' }))).toBe(false);
    expect(isAsWritten(written({ columns: '${tasks.t.result.c}' }), written({ columns: { a: ['age'] } }))).toBe(false);
    expect(
      isAsWritten(written({ input_data: files, k: '${tasks.t.result.k}' }), written({ input_data: files, k: 2 })),
    ).toBe(false);
  });
});

describe('the parties of a task', () => {
  it('are a list, or an object by name', () => {
    expect(partiesOf({ sf_init_config: { parties: ['a', 7, 'b'] } })).toEqual(['a', 'b']);
    expect(partiesOf({ sf_init_config: { parties: { a: {}, b: {} } } })).toEqual(['a', 'b']);
    for (const odd of [null, undefined, 7, {}, { sf_init_config: null }, { sf_init_config: { parties: 'a' } }]) {
      expect(partiesOf(odd)).toEqual([]);
    }
  });
});

describe('what a task uses of a party', () => {
  it('is found in every field that names files or columns', () => {
    const config = {
      train_data: { alice: 'dataset:alice/a@1', bob: 'b.csv' },
      models: { alice: ['m1', 'm2'] },
      features: { alice: ['f1'], bob: ['f2'] },
      label: 'y',
      label_party: 'bob',
      steps: [{ columns: { alice: ['c1'] } }, { columns: { alice: ['c2', 'c1'] } }, 7],
      schema: { s: {} },
      party_schemas: { alice: { p: {} }, bob: { q: {} } },
    };
    expect(usesOf(config, 'alice', 'train')).toEqual({
      inputs: ['dataset:alice/a@1', 'm1', 'm2'],
      columns: { features: ['f1'], columns: ['s', 'p', 'c1', 'c2'] },
      usesOthers: false,
    });
    expect(usesOf(config, 'bob', 'train').columns).toEqual({ features: ['f2'], label: ['y'], columns: ['s', 'q'] });
    const all = { features: ['f'], label: 'y', label_column: 'l', prediction_column: 'p' };
    expect(usesOf(all, 'carol', 'train').columns).toEqual({ features: ['f'], label: ['y', 'l'], columns: ['p'] });
    for (const odd of [
      null,
      7,
      [],
      { keys: null, steps: 'x', input_data: ['alice'], party_schemas: 1 },
      { keys: {} },
    ]) {
      expect(usesOf(odd, 'toString', 'toString')).toEqual({ inputs: [], columns: {}, usesOthers: false });
    }
  });

  it('is found in each field by itself, under its role', () => {
    const columnsOf = (config: object) => usesOf(config, 'alice', 'train').columns;
    for (const [field, role] of [
      ...[
        ['keys', 'keys'],
        ['columns', 'columns'],
        ['features', 'features'],
        ['by', 'columns'],
        ['keep_columns', 'columns'],
      ],
      ...[
        ['label', 'label'],
        ['offset', 'features'],
        ['weight', 'features'],
      ],
      ...[
        ['label_column', 'label'],
        ['prediction_column', 'columns'],
      ],
    ] as [string, string][]) {
      expect([field, columnsOf({ [field]: 'x' })]).toEqual([field, { [role]: ['x'] }]);
      const ofBob = columnsOf({ [field]: 'x', label_party: 'bob' });
      expect([field, ofBob]).toEqual([field, ['label', 'offset', 'weight'].includes(field) ? {} : { [role]: ['x'] }]);
    }
    expect(columnsOf({ schema: { x: {} } })).toEqual({ columns: ['x'] });
    expect(columnsOf({ party_schemas: { alice: { x: {} } } })).toEqual({ columns: ['x'] });
    for (const field of INPUT_FIELDS) {
      expect([field, usesOf({ [field]: { alice: 'f', bob: 'g' } }, 'alice', 'train').inputs]).toEqual([field, ['f']]);
    }
  });

  it('has the column by which rows are asked for, of the party that asks', () => {
    const columnsOf = (config: object) =>
      usesOf({ prediction_receiver: 'alice', ...config }, 'alice', 'predict').columns;
    expect(columnsOf({ serve: { key: 'id' } })).toEqual({ columns: ['id'] });
    expect(columnsOf({ serve: { key: 'id' }, keep_columns: ['age'] }).columns).toEqual(['age', 'id']);
    for (const other of [{ prediction_receiver: 'bob', serve: { key: 'id' } }, { serve: 'id' }, { key: 'id' }])
      expect(columnsOf(other)).toEqual({});
  });

  it('is more than it names where a file says what is read', () => {
    const others = (taskType: string, config: object = {}) => usesOf(config, 'alice', taskType).usesOthers;
    for (const taskType of ['evaluation', 'model_export', 'predict', 'scorecard', 'ss_pvalue', 'substitution']) {
      expect([taskType, others(taskType)]).toEqual([taskType, true]);
    }
    expect(others('psi')).toBe(false);
    expect(others('psi', { steps: [{ columns: ['x'] }, { op: 'fillna' }] })).toBe(true);
    expect(others('psi', { steps: [{ columns: ['x'] }] })).toBe(false);
  });
});

describe('names', () => {
  it('of datasets are read strictly', () => {
    expect(parseDatasetRef('dataset:bank-a/customers@3')).toEqual({ party: 'bank-a', name: 'customers', version: 3 });
    for (const text of ['dataset:a/b', 'dataset:a/b@0', 'dataset:a/b@01', 'dataset:a/../b@1', 'dataset:a/B@1', 'x'])
      expect(parseDatasetRef(text)).toBeUndefined();
  });

  it('of statements differ by what they are about', () => {
    const base = { party: 'a', serial: 1, issued_at: '' };
    const subjects = [
      subjectOf({ ...base, kind: 'party', recipients: [] }),
      subjectOf({ ...base, kind: 'policy', dataset: 'd', expires_at: '', rules: [] }),
      subjectOf({
        ...base,
        kind: 'approval',
        chain_id: 'c',
        task_id: 'i',
        task: 't',
        expires_at: '',
        decision: 'approve',
      }),
      ...[1, 2].map((version) =>
        subjectOf({
          ...base,
          kind: 'dataset',
          name: 'd',
          version,
          file: '',
          digest: '',
          format: 'csv',
          columns: [],
          rows: 0,
        }),
      ),
    ];
    expect(subjects).toEqual(['party:a', 'policy:a/d', 'approval:a/t', 'dataset:a/d@1', 'dataset:a/d@2']);
  });
});

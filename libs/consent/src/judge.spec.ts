import { describe, expect, it, test } from '@jest/globals';
import { approvalOf, judgeUse, namesKeys, type LedgerEntry, type PartyRecord, type UseRequest } from './judge.js';
import { learnersOf } from './learners.js';
import type { ApprovalStatement, ParamBounds, PolicyRule, PolicyStatement } from './statements.js';

const NOW = '2026-11-27T12:00:00.000Z';
const TASK = `sha256:${'a'.repeat(64)}`;
const OTHER = (n: number): string => `sha256:${String(n).repeat(64)}`;

const request = (more: Partial<UseRequest> = {}): UseRequest => ({
  party: 'alice',
  parties: ['alice', 'bob'],
  taskType: 'psi',
  engine: 'native',
  atSites: false,
  proposer: 'bob',
  purpose: undefined,
  config: { input_paths: { alice: 'dataset:alice/customers@1' }, keys: { alice: ['id'], bob: ['x'] } },
  task: TASK,
  use: TASK,
  asWritten: true,
  datasets: ['customers'],
  rows: { customers: 100 },
  purposes: {},
  readsPlainFiles: false,
  ...more,
});
const policy = (rule: Partial<PolicyRule> = {}, more: Partial<PolicyStatement> = {}): PolicyStatement => ({
  kind: 'policy',
  party: 'alice',
  dataset: 'customers',
  serial: 1,
  issued_at: '2026-11-01T00:00:00Z',
  expires_at: '2026-12-01T00:00:00Z',
  rules: [{ effect: 'allow', task_types: ['psi'], ...rule }],
  ...more,
});
const approval = (more: Partial<ApprovalStatement> = {}): ApprovalStatement => ({
  kind: 'approval',
  party: 'alice',
  chain_id: 'chain-1',
  task_id: 'psi',
  task: TASK,
  serial: 1,
  issued_at: '2026-11-01T00:00:00Z',
  expires_at: '2026-12-01T00:00:00Z',
  decision: 'approve',
  ...more,
});
const record = (...statements: (PolicyStatement | ApprovalStatement)[]): PartyRecord => ({
  policies: statements.filter((each): each is PolicyStatement => each.kind === 'policy'),
  approvals: statements.filter((each): each is ApprovalStatement => each.kind === 'approval'),
  ledger: [],
});
const reasonOf = (of: UseRequest, known: PartyRecord): string => {
  const verdict = judgeUse(of, known, NOW);
  return verdict.kind === 'ask' ? verdict.reasons.join('; ') : JSON.stringify(verdict);
};
const ALLOWED = { kind: 'allowed', by: 'policy' };

test('a dataset for sites alone is refused to a task at a worker, whatever else says of it', () => {
  const only = policy({}, { sites: 'only' });
  const words = expect.stringContaining('customers is read at the site of alice alone (sites: only)') as unknown;
  expect(judgeUse(request(), record(only, approval()), NOW)).toEqual({ kind: 'refused', words });
  const over = policy({}, { sites: 'only', expires_at: '2026-11-02T00:00:00Z' });
  expect(judgeUse(request(), record(over, approval()), NOW)).toEqual({ kind: 'refused', words });
  expect(judgeUse(request({ datasets: ['other', 'customers'] }), record(only), NOW)).toEqual({
    kind: 'refused',
    words,
  });
  expect(judgeUse(request({ atSites: true }), record(only), NOW)).toEqual(ALLOWED);
  expect(judgeUse(request({ datasets: ['other'] }), record(only), NOW).kind).toBe('ask');
  // By its path, or a copy of it.
  const unknown = judgeUse(request({ datasets: [], readsPlainFiles: true }), record(only, approval()), NOW);
  expect(unknown).toEqual({ kind: 'refused', words });
  expect(unknown).toMatchObject({ words: expect.stringMatching(/^a file that is no dataset could be customers/) });
});

describe('a purpose', () => {
  it('has to be one of the rule, and one that all versions of the dataset allow', () => {
    const rule = record(policy({ purposes: ['scoring', 'fraud'] }));
    expect(reasonOf(request(), rule)).toMatch(/^customers: the chain states no purpose .*allowed are scoring, fraud/);
    expect(reasonOf(request({ purpose: 'ads' }), rule)).toContain('the purpose "ads" is not allowed');
    expect(judgeUse(request({ purpose: 'fraud' }), rule, NOW)).toEqual(ALLOWED);
    const purposes = { customers: ['scoring'] };
    for (const purpose of [undefined, 'ads', 'scoring, fraud']) {
      expect(reasonOf(request({ purposes, purpose }), record(policy()))).toContain('allowed are scoring');
    }
    expect(judgeUse(request({ purposes, purpose: 'scoring' }), record(policy()), NOW)).toEqual(ALLOWED);
    expect(reasonOf(request({ purposes, purpose: 'fraud' }), rule)).toContain('allowed are scoring');
    expect(reasonOf(request({ purposes: { customers: [] }, purpose: 'x' }), record(policy()))).toContain('are none');
    // A rule that refuses needs no purpose.
    const refusal = record(policy({ effect: 'refuse' }));
    expect(judgeUse(request({ purposes }), refusal, NOW).kind).toBe('refused');
  });
});

describe('a rule that names no engines', () => {
  it('allows native alone, and asks or refuses whichever runs the task', () => {
    const elsewhere = request({ engine: 'secretflow' });
    const any = { effect: 'allow', task_types: ['psi'], engines: ['native', 'secretflow'] } as const;
    const before = (effect: PolicyRule['effect']): PartyRecord =>
      record(policy({}, { rules: [{ effect, task_types: ['psi'] }, any] }));
    expect(judgeUse(elsewhere, before('allow'), NOW)).toEqual(ALLOWED); // By the second rule.
    expect(judgeUse(elsewhere, before('refuse'), NOW).kind).toBe('refused');
    expect(reasonOf(elsewhere, before('ask'))).toBe('customers: its policy asks a person');
    const refusal = { effect: 'refuse', task_types: ['psi'] } as const;
    const named = { ...any, columns: { keys: ['id'] } };
    expect(namesKeys(['id'], elsewhere, [policy({}, { rules: [named] })], NOW)).toBe(true);
    expect(namesKeys(['id'], elsewhere, [policy({}, { rules: [refusal, named] })], NOW)).toBe(false);
    const other = { ...refusal, engines: ['native'] };
    expect(judgeUse(elsewhere, record(policy({}, { rules: [other, any] })), NOW)).toEqual(ALLOWED);
  });
});

describe('a protocol by which one party could compute all that another brings', () => {
  const asked = (protocol: string | undefined, more: Partial<UseRequest> = {}) =>
    request({ taskType: 'ss_lr', engine: 'secretflow', config: { protocol }, ...more });
  const allowing = (params?: PolicyRule['params'], effect: PolicyRule['effect'] = 'allow') =>
    record(policy({ effect, task_types: ['ss_lr'], engines: ['native', 'secretflow'], ...(params && { params }) }));

  it('is allowed by a rule that has bounds for it alone', () => {
    expect(reasonOf(asked('SEMI2K'), allowing())).toMatch(
      /^customers: by SEMI2K on secretflow one party could compute/,
    );
    for (const fine of [asked('CHEETAH'), asked(undefined), asked('SEMI2K', { engine: 'native' })])
      expect(judgeUse(fine, allowing(), NOW)).toEqual(ALLOWED);
    expect(judgeUse(asked('SEMI2K'), allowing({ '/protocol': { enum: ['SEMI2K'] } }), NOW)).toEqual(ALLOWED);
    expect(judgeUse(asked('SEMI2K'), allowing({ '/protocol': { enum: ['CHEETAH'] } }), NOW).kind).toBe('ask');
    expect(judgeUse(asked('SEMI2K'), allowing({ '/epochs': { min: 1 } }), NOW).kind).toBe('ask');
  });

  it('is no way around a rule that refuses', () => {
    expect(judgeUse(asked('SEMI2K'), allowing(undefined, 'refuse'), NOW).kind).toBe('refused');
  });
});

describe('a protocol of psi by which a malicious receiver could test more keys than it has rows', () => {
  const asked = (engine: string, protocol: unknown) => request({ engine, config: { ...KEYS, protocol } });
  const KEYS = { keys: { alice: ['id'], bob: ['x'] } };
  const engines = ['native', 'secretflow', 'celery'];
  const allowing = (more: Partial<PolicyRule> = {}) => record(policy({ engines, ...more }));
  const naming = (...names: string[]) => allowing({ params: { '/protocol': { enum: names } } });
  const weaker = [
    ['native', 'KKRT_PSI_2PC'],
    ['secretflow', 'KKRT_PSI_2PC'],
    ['secretflow', 'RR22_PSI_2PC'],
  ] as const;

  test.each(weaker)('is allowed on %s as %s by a rule that has bounds for it alone', (engine, protocol) => {
    const use = asked(engine, protocol);
    expect(reasonOf(use, allowing())).toBe(
      `customers: by ${protocol} on ${engine} a party that breaks the protocol could test more keys than it has rows: a rule that allows it has bounds for /protocol in params`,
    );
    expect(judgeUse(use, allowing({ params: { '/join': { enum: ['inner'] } } }), NOW).kind).toBe('ask');
    expect(judgeUse(use, naming('ECDH_PSI_2PC'), NOW).kind).toBe('ask');
    expect(judgeUse(use, naming('ECDH_PSI_2PC', protocol), NOW)).toEqual(ALLOWED);
    expect(judgeUse(use, allowing({ effect: 'refuse' }), NOW).kind).toBe('refused');
    expect(namesKeys(['id'], use, allowing({ columns: { keys: ['id'] } }).policies, NOW)).toBe(false);
    // The owner may still approve the task.
    const approved = { ...allowing(), approvals: [approval()] };
    expect(judgeUse(use, approved, NOW)).toEqual({ kind: 'allowed', by: 'approval' });
  });

  it('leaves those to which the number of rows is a bound, and a fleet that runs what it says', () => {
    for (const engine of ['native', 'secretflow'])
      for (const protocol of [undefined, 'ECDH_PSI_2PC', 'ECDH_OPRF_UB_PSI_2PC', 'KMPRT_PSI_NPC'])
        expect(judgeUse(asked(engine, protocol), allowing(), NOW)).toEqual(ALLOWED);
    expect(judgeUse(asked('celery', 'KKRT_PSI_2PC'), allowing(), NOW)).toEqual(ALLOWED);
  });
});

describe('a component of SecretFlow', () => {
  const PSI = 'data_prep/psi:1.0.0';
  const asked = (config: object, more: Partial<UseRequest> = {}) =>
    request({ taskType: 'component', engine: 'secretflow', config, ...more });
  const allowing = (params?: PolicyRule['params']) =>
    policy({ task_types: ['component'], engines: ['native', 'secretflow'], ...(params && { params }) });
  const named = allowing({ '/component': { enum: [PSI] } });

  it('is allowed by a rule that names it alone', () => {
    expect(judgeUse(asked({ component: PSI }), record(named), NOW)).toEqual(ALLOWED);
    expect(reasonOf(asked({ component: PSI }), record(allowing()))).toMatch(/does not name the component/);
    expect(reasonOf(asked({ component: 'data_prep/union:1.0.0' }), record(named))).toMatch(/\/component is missing or/);
    // By SEMI2K one party could compute all: as for ss_lr.
    expect(reasonOf(asked({ component: PSI, protocol: 'SEMI2K' }), record(named))).toMatch(/by SEMI2K on secretflow/);
  });

  it('that nobody has reviewed is refused where no policy allows it, whatever was approved', () => {
    const open = asked({ component: 'io/identity:1.0.0', not_reviewed: true });
    const approved = { ...record(named), approvals: [approval({})] };
    expect(judgeUse({ ...open, config: { component: 'io/identity:1.0.0' } }, approved, NOW)).toEqual({
      kind: 'allowed',
      by: 'approval',
    });
    expect(judgeUse(open, approved, NOW)).toMatchObject({
      kind: 'refused',
      words: expect.stringMatching(/approval does not cover it/),
    });
    const allowed = allowing({ '/component': { enum: ['io/identity:1.0.0'] } });
    expect(judgeUse(open, record(allowed), NOW)).toEqual(ALLOWED);
  });
});

describe('without approval', () => {
  it('nothing is allowed that no policy covers', () => {
    expect(reasonOf(request(), record())).toBe('customers: the dataset has no policy');
    expect(judgeUse(request(), record(policy()), NOW)).toEqual(ALLOWED);
    expect(reasonOf(request(), record(policy({}, { dataset: 'others' })))).toBe('customers: the dataset has no policy');
    expect(reasonOf(request(), record(policy({}, { rules: [] })))).toBe('customers: its policy has no rule for psi');
    expect(reasonOf(request({ readsPlainFiles: true }), record(policy()))).toBe('it reads a file that is no dataset');
  });

  it.each(['case_when', 'condition_filter', 'expr', 'script', 'sql'])(
    'no text of another party is obeyed, whatever a policy says of %s',
    (taskType) => {
      const known = record(policy({ task_types: [taskType] }));
      for (const proposer of ['bob', null]) {
        expect(reasonOf(request({ taskType, proposer }), known)).toBe(
          `${taskType} does what a text of its author says, and a policy covers texts of its own party alone`,
        );
      }
      expect(judgeUse(request({ taskType, proposer: 'alice' }), known, NOW)).toEqual(ALLOWED);
      const refusal = record(policy({ task_types: [taskType], effect: 'refuse' }));
      expect(judgeUse(request({ taskType }), refusal, NOW).kind).toBe('refused');
      const approved = record(policy({ task_types: [taskType] }), approval());
      expect(judgeUse(request({ taskType }), approved, NOW)).toEqual({ kind: 'allowed', by: 'approval' });
      // The text came out of a result: nobody has read it.
      expect(judgeUse(request({ taskType, asWritten: false }), approved, NOW).kind).toBe('ask');
    },
  );

  it('every dataset that the data came from has to be covered', () => {
    const both = request({ datasets: ['customers', 'payments'] });
    expect(reasonOf(both, record(policy()))).toBe('payments: the dataset has no policy');
    expect(judgeUse(both, record(policy(), policy({}, { dataset: 'payments' })), NOW)).toEqual(ALLOWED);
  });

  it.each<[string, Partial<PolicyRule>, Partial<UseRequest>, string]>([
    ['type', { task_types: ['ss_lr'] }, {}, 'its policy has no rule for psi'],
    ['engine', {}, { engine: 'secretflow' }, 'the engine secretflow is not allowed'],
    ['peer', { with: ['carol'] }, {}, 'party bob is not allowed'],
    ['peer of none', { with: [] }, {}, 'party bob is not allowed'],
    ['proposer', { proposers: ['alice'] }, {}, 'chains of bob are not allowed'],
    [
      'proposer of no party',
      { proposers: ['alice'] },
      { proposer: null },
      'chains of a key without a party are not allowed',
    ],
    ['receiver', { receivers: [] }, {}, 'party bob may not learn anything'],
    [
      'receiver that is named',
      { receivers: ['carol'] },
      { config: { receiver: 'bob' } },
      'party bob may not learn anything',
    ],
    [
      'receiver where all learn',
      { receivers: ['alice'] },
      { config: { receiver: 'alice', broadcast_result: true } },
      'party bob may not learn anything',
    ],
    [
      'receiver of a left join',
      { receivers: ['alice'] },
      { config: { join: 'left', left_party: 'alice' } },
      'party bob may not learn anything',
    ],
    [
      'receiver of a difference',
      { receivers: ['alice'] },
      { config: { join: 'difference', left_party: 'bob', receiver: 'alice' } },
      'party bob may not learn anything',
    ],
    [
      'receiver of another engine',
      { receivers: ['alice'], engines: ['celery'] },
      { config: { receiver: 'alice' }, engine: 'celery' },
      'party bob may not learn anything',
    ],
    [
      'receiver of a model',
      { receivers: [], task_types: ['aggregate'] },
      { config: { receivers: ['alice', 'bob'] }, taskType: 'aggregate' },
      'party bob may not learn anything',
    ],
    [
      'receiver of a part of a model',
      { receivers: [], task_types: ['ss_lr'] },
      { config: { prediction_receiver: 'alice', receiver: 'alice', receivers: ['alice'] }, taskType: 'ss_lr' },
      'party bob may not learn anything',
    ],
    ['receiver that is no text', { receivers: [] }, { config: { receiver: [] } }, 'party bob may not learn anything'],
    ['number of rows', { min_rows: 101 }, {}, 'it has fewer rows than the 101 that the rule needs'],
    ['number of rows, unknown', { min_rows: 1 }, { rows: {} }, 'its number of rows is not known'],
    ['column', { columns: { keys: ['email'] } }, {}, 'column "id" is not allowed in keys'],
    ['role of a column', { columns: { features: ['id'] } }, {}, 'column "id" is not allowed in keys'],
    [
      'role of the prototype',
      { columns: { features: ['id'] } },
      { config: { columns: { alice: ['toString'] } } },
      'column "toString" is not allowed in columns',
    ],
    ['all columns', { columns: { keys: ['id'] } }, { config: {} }, 'the task names no columns, so it would use all'],
    [
      'step on all columns',
      { columns: { columns: ['id'] } },
      { config: { steps: [{ columns: { alice: ['id'] } }, { op: 'fillna' }] } },
      'the task uses columns that it does not name',
    ],
    [
      'column of a model',
      { task_types: ['evaluation'], columns: { label: ['y'] } },
      { taskType: 'evaluation', config: { label: 'y', label_party: 'alice' } },
      'the task uses columns that it does not name',
    ],
    [
      'column of a model that predicts',
      { task_types: ['predict'], columns: { columns: ['id'] } },
      { taskType: 'predict', config: { keep_columns: ['id'], prediction_receiver: 'alice' } },
      'the task uses columns that it does not name',
    ],
    [
      'absent parameter',
      { params: { '/params/epochs': { min: 5 } } },
      {},
      '/params/epochs is missing or outside its bounds',
    ],
    ['small parameter', { params: { '/e': { min: 5 } } }, { config: { e: 4 } }, '/e is missing or outside its bounds'],
    ['large parameter', { params: { '/e': { max: 5 } } }, { config: { e: 6 } }, '/e is missing or outside its bounds'],
    [
      'text for a number',
      { params: { '/e': { max: 5 } } },
      { config: { e: '4' } },
      '/e is missing or outside its bounds',
    ],
    [
      'unlisted parameter',
      { params: { '/e': { enum: ['a'] } } },
      { config: { e: 'b' } },
      '/e is missing or outside its bounds',
    ],
    [
      'inherited parameter',
      { params: { '/toString': { enum: ['a'] } } },
      {},
      '/toString is missing or outside its bounds',
    ],
  ])('a rule does not fit another %s', (_, rule, more, reason) => {
    expect(reasonOf(request(more), record(policy(rule)))).toBe(`customers: ${reason}`);
  });

  it('a rule fits what it names', () => {
    const rule = {
      with: ['bob', 'carol'],
      proposers: ['bob'],
      columns: { keys: ['id'] },
      receivers: ['bob'],
      min_rows: 100,
      params: { '/a~1b/0': { min: 5, max: 5, enum: [5] } },
    };
    const config = { ...(request().config as object), 'a/b': [5] };
    expect(judgeUse(request({ config }), record(policy(rule)), NOW)).toEqual(ALLOWED);
  });

  it.each<[ParamBounds, unknown]>([
    [{ max: 5 }, 5],
    [{ max: 5 }, -6],
    [{ min: 5 }, 5],
    [{ min: 5 }, 6],
    [{ enum: ['a', null] }, null],
    [{}, 'anything'],
  ])('a rule fits a parameter within %j: %j', (bounds, e) => {
    const known = record(policy({ params: { '/e': bounds } }));
    expect(judgeUse(request({ config: { e } }), known, NOW)).toEqual(ALLOWED);
  });

  it.each(['biclassification_eval', 'regression_eval', 'prediction_bias_eval'])(
    'a rule sees the columns that %s reads by default',
    (taskType) => {
      const reason = (config: object, columns: Record<string, string[]>) =>
        reasonOf(request({ taskType, config }), record(policy({ task_types: [taskType], columns })));
      const both = { label: ['label'], columns: ['prediction'] };
      expect(reason({}, both)).toBe(JSON.stringify(ALLOWED));
      expect(reason({}, { label: ['label'] })).toBe('customers: column "prediction" is not allowed in columns');
      expect(reason({ label_column: 'y' }, { label: ['y'], columns: ['p'] })).toBe(
        'customers: column "prediction" is not allowed in columns',
      );
      expect(reason({ prediction_column: 'p' }, { label: ['y'], columns: ['p'] })).toBe(
        'customers: column "label" is not allowed in label',
      );
      expect(reason({ label_column: 'y', prediction_column: 'p' }, { label: ['y'], columns: ['p'] })).toBe(
        JSON.stringify(ALLOWED),
      );
    },
  );

  it('a task may be bound to open to its receiver alone', () => {
    const known = (taskType: string) => record(policy({ task_types: [taskType], receivers: [] }));
    expect(judgeUse(request({ config: { receiver: 'alice' } }), known('psi'), NOW)).toEqual(ALLOWED);
    for (const taskType of ['aggregate', 'merge_models']) {
      expect(judgeUse(request({ taskType, config: { receivers: ['alice'] } }), known(taskType), NOW)).toEqual(ALLOWED);
    }
  });

  it('the first rule that fits decides', () => {
    const rules: PolicyRule[] = [
      { effect: 'refuse', task_types: ['psi'], with: ['bob'], words: '不可以' },
      { effect: 'ask', task_types: ['psi'], proposers: ['carol'] },
      { effect: 'allow', task_types: ['psi'] },
    ];
    const known = record(policy({}, { rules }));
    expect(judgeUse(request(), known, NOW)).toEqual({ kind: 'refused', words: '不可以' });
    const parties = ['alice', 'carol'];
    expect(reasonOf(request({ parties, proposer: 'carol' }), known)).toBe('customers: its policy asks a person');
    expect(judgeUse(request({ parties }), known, NOW)).toEqual(ALLOWED);
  });

  it('a policy ends at its time', () => {
    expect(judgeUse(request(), record(policy({}, { expires_at: '2026-11-27T12:00:00.001Z' })), NOW)).toEqual(ALLOWED);
    for (const at of ['2026-11-27T12:00:00Z', '2026-11-27T11:59:59.999Z']) {
      expect(reasonOf(request(), record(policy({}, { expires_at: at })))).toBe(
        `customers: its policy expired at ${at}`,
      );
    }
  });

  it('uses are counted by task, over all versions', () => {
    const entry = (at: string, task: string, ...datasets: string[]) => ({ at, use: task, datasets });
    const known = {
      ...record(policy({ uses: { max: 2, days: 30 } })),
      ledger: [
        entry('2026-10-01T00:00:00Z', OTHER(1), 'customers'),
        entry('2026-11-20T00:00:00Z', OTHER(2), 'customers', 'x'),
        entry('2026-11-20T00:01:00Z', OTHER(2), 'customers'),
        entry('2026-11-20T00:00:00Z', OTHER(3), 'payments'),
        entry('2026-11-20T00:00:00Z', TASK, 'customers'),
      ],
    };
    expect(judgeUse(request(), known, NOW)).toEqual(ALLOWED);
    const more = { ...known, ledger: [...known.ledger, entry('2026-11-21T00:00:00Z', OTHER(4), 'customers')] };
    expect(reasonOf(request(), more)).toBe('customers: it was used 2 times within 30 days, and its policy allows 2');
  });
});

describe('an approval', () => {
  it('does not cover what a result brings in, and a policy does', () => {
    const drifted = request({ asWritten: false });
    expect(reasonOf(drifted, record(approval()))).toMatch(/comes from a result, which an approval does not cover/);
    expect(judgeUse(drifted, record(policy()), NOW)).toEqual(ALLOWED);
  });

  it('covers exactly its task, until it expires', () => {
    expect(judgeUse(request(), record(approval()), NOW)).toEqual({ kind: 'allowed', by: 'approval' });
    expect(judgeUse(request({ readsPlainFiles: true }), record(approval()), NOW)).toEqual({
      kind: 'allowed',
      by: 'approval',
    });
    expect(reasonOf(request({ task: OTHER(1) }), record(approval()))).toMatch(/has no policy/);
    expect(reasonOf(request(), record(approval({ expires_at: NOW })))).toMatch(/its approval expired/);
  });

  it('that is not enough is said beside what no policy covers', () => {
    expect(reasonOf(request({ asWritten: false }), record(approval()))).toBe(
      'customers: the dataset has no policy; a file or a parameter comes from a result, which an approval does not cover',
    );
    expect(reasonOf(request(), record(approval({ expires_at: NOW })))).toBe(
      `customers: the dataset has no policy; its approval expired at ${NOW}`,
    );
  });

  it('covers so many runs that open something, and a second attempt of each', () => {
    const run = (use: string, by: string | undefined = approvalOf(approval())): LedgerEntry => ({
      ...{ at: '2026-11-20T00:00:00Z', use, datasets: ['customers'] },
      ...(by !== '' && { approval: by }),
    });
    const verdict = (runs: number | undefined, ...ledger: LedgerEntry[]) =>
      judgeUse(request(), { ...record(approval(runs === undefined ? {} : { runs })), ledger }, NOW);
    const approved = { kind: 'allowed', by: 'approval' };
    const done = (what: string) => ({
      kind: 'ask',
      reasons: [
        'customers: the dataset has no policy',
        `its approval covers ${what} that opened something to others, and the task did so already`,
      ],
    });
    expect(approvalOf(approval({ serial: 7 }))).toBe(`${TASK} 7`);
    expect(verdict(undefined, run(TASK))).toEqual(approved);
    expect(verdict(undefined, run(OTHER(1)))).toEqual(done('one run'));
    expect(verdict(1, run(OTHER(1)))).toEqual(done('one run'));
    expect(verdict(2, run(OTHER(1)), run(OTHER(1)), run(TASK))).toEqual(approved);
    expect(verdict(2, run(OTHER(1)), run(OTHER(2)))).toEqual(done('2 runs'));
    // What another approval, or none, covered is no run of this one.
    expect(verdict(1, run(OTHER(1), `${TASK} 2`), run(OTHER(2), ''))).toEqual(approved);
  });

  it('that refuses or withdraws holds against any policy, and does not expire', () => {
    for (const decision of ['refuse', 'withdraw'] as const) {
      const known = record(policy(), approval({ decision, words: 'no', expires_at: NOW }));
      expect(judgeUse(request(), known, NOW)).toEqual({ kind: 'refused', words: 'no' });
    }
    const silent = judgeUse(request(), record(approval({ decision: 'refuse' })), NOW);
    expect(silent).toEqual({ kind: 'refused', words: 'The owner of the data gave no reason.' });
  });

  it('does not help against a rule that refuses', () => {
    const known = record(policy({ effect: 'refuse', words: 'never' }), approval());
    expect(judgeUse(request(), known, NOW)).toEqual({ kind: 'refused', words: 'never' });
  });
});

describe('the keys that a policy names', () => {
  const keys = (columns: readonly string[], ...policies: PolicyStatement[]) =>
    namesKeys(columns, request(), policies, NOW);
  const named = { columns: { keys: ['id', 'name'] } };

  it('stand in the rule that decides', () => {
    expect(keys(['id'], policy(named))).toBe(true);
    expect(keys(['id', 'name'], policy({ ...named, effect: 'ask' }))).toBe(true);
    expect(keys(['id', 'other'], policy(named))).toBe(false);
    expect(keys(['id'], policy())).toBe(false);
    expect(keys(['id'], policy({ columns: { columns: ['id'] } }))).toBe(false);
    expect(keys(['id'], policy({ ...named, effect: 'refuse' }))).toBe(false);
    expect(keys(['id'], policy({ ...named, with: ['carol'] }))).toBe(false);
    const rules: PolicyRule[] = [
      { effect: 'allow', task_types: ['psi'], with: ['carol'], ...named },
      { effect: 'allow', task_types: ['psi'] },
    ];
    expect(keys(['id'], policy({}, { rules }))).toBe(false);
    expect(keys(['id'], policy({}, { rules: [...rules].reverse() }))).toBe(false);
  });

  it('are none without a policy in force, for each dataset', () => {
    expect(keys(['id'])).toBe(false);
    expect(keys(['id'], policy(named, { dataset: 'payments' }))).toBe(false);
    expect(keys(['id'], policy(named, { expires_at: NOW }))).toBe(false);
    const both = request({ datasets: ['customers', 'payments'] });
    expect(namesKeys(['id'], both, [policy(named)], NOW)).toBe(false);
    expect(namesKeys(['id'], both, [policy(named), policy(named, { dataset: 'payments' })], NOW)).toBe(true);
  });
});

describe('the learners of a task', () => {
  const ALL = ['alice', 'bob', 'carol'];
  it.each<[taskType: string, config: unknown, learners: readonly string[], engine?: string]>([
    ['psi_count', { receiver: 'bob' }, ['bob']],
    ['psi_count', { receiver: ['bob'] }, ALL],
    ['psi_count', { receiver: 'bob' }, ALL, 'celery'],
    ['psi', { receiver: 'bob' }, ['bob'], 'secretflow'],
    ['psi', null, ALL],
    ['psi', {}, ALL],
    ['psi', { receiver: 'bob' }, ['bob']],
    ['psi', { receiver: 'bob', broadcast_result: false }, ['bob']],
    ['psi', { receiver: 'bob', broadcast_result: true }, ALL],
    ['psi', { join: 'left', left_party: 'alice', receiver: 'alice' }, ['bob', 'carol']],
    ['psi', { join: 'right', left_party: 'alice', receiver: 'bob' }, ['alice']],
    ['psi', { join: 'difference', left_party: 'alice' }, ['alice']],
    ['psi', { join: 'difference', left_party: 1, receiver: 'bob' }, ALL],
    ['model_export', { coefficients_to: ['bob'] }, ['bob']],
    ['model_export', { coefficients_to: ['bob', 1] }, ALL],
    ['model_export', { receivers: ['bob'] }, ALL],
    ['aggregate', { receivers: ['bob'] }, ['bob']],
    ['merge_models', { receivers: ['bob'] }, ['bob']],
    ['merge_models', { receivers: 'bob' }, ALL],
    ['ss_lr', { receiver: 'bob', receivers: ['bob'], join: 'left', left_party: 'bob', coefficients_to: ['bob'] }, ALL],
  ])('%s %j: %j', (taskType, config, learners, engine = 'native') => {
    expect(learnersOf(taskType, engine, config, ALL)).toEqual(learners);
  });
});

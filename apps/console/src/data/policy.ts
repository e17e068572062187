import { isFields, type Fields } from '../designer/draft.js';

const names: Fields = { type: 'array', items: { type: 'string' } };
const whole: Fields = { type: 'integer' };

/** The fields of a policy beside its rules. */
export const POLICY_FIELDS: Fields = {
  expires_at: { type: 'string' },
  min_group_rows: { ...whole, default: 20 },
  budget: {
    type: 'object',
    properties: { bits: whole, sums: whole, sums_apart: whole, epsilon: { type: 'number' } },
  },
  bounds: { type: 'object' },
  effects_to: names,
  coefficients_to: names,
  sites: { enum: ['only'] },
};

/** The fields of a rule, with the types and columns that there are. */
export const RULE_FIELDS = (types: readonly string[], columns: readonly string[]): Fields => {
  const some: Fields = { type: 'array', items: { type: 'string', enum: columns } };
  return {
    effect: { enum: ['allow', 'ask', 'refuse'] },
    task_types: { type: 'array', items: { type: 'string', enum: types } },
    with: names,
    receivers: names,
    proposers: names,
    columns: { type: 'object', properties: { keys: some, columns: some, features: some, label: some } },
    params: { type: 'object' },
    uses: { type: 'object', properties: { max: whole, days: whole } },
    min_rows: whole,
    purposes: names,
    engines: names,
    words: { type: 'string' },
  };
};

/** A policy that allows nothing yet. */
export const NEW_POLICY: Fields = { expires_at: '', rules: [] };

/** What the owner writes of a policy: the rest of the statement is the command's. */
export function policyOf(body: Fields): Fields {
  const fields = [...Object.keys(POLICY_FIELDS), 'rules'].filter((name) => body[name] !== undefined);
  return Object.fromEntries(fields.map((name) => [name, body[name]]));
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** What stands against a policy at first sight; the owner's command checks all of it. */
export function faultsOfPolicy(policy: Fields, now: number): { pointer: string; why: 'time' | 'over' | 'types' }[] {
  const faults: { pointer: string; why: 'time' | 'over' | 'types' }[] = [];
  const { expires_at: until, rules } = policy;
  if (typeof until !== 'string' || !TIME.test(until)) faults.push({ pointer: '/expires_at', why: 'time' });
  else if (Date.parse(until) <= now) faults.push({ pointer: '/expires_at', why: 'over' });
  for (const [at, rule] of (Array.isArray(rules) ? rules : []).entries()) {
    const types: unknown = isFields(rule) ? rule['task_types'] : undefined;
    if (!Array.isArray(types) || types.length === 0) faults.push({ pointer: `/rules/${at}/task_types`, why: 'types' });
  }
  return faults;
}

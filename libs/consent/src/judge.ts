import { isWithin } from './bounds.js';
import { learnersOf, riskOfProtocol } from './learners.js';
import type { ApprovalStatement, PolicyRule, PolicyStatement } from './statements.js';
import { obeysText, usesOf, type PartyUse } from './uses.js';

/** A task that wants to use datasets of a party. */
export interface UseRequest {
  readonly party: string;
  /** All parties of the task. */
  readonly parties: readonly string[];
  readonly taskType: string;
  readonly engine: string;
  /** Whether the party runs at its own site, the others at theirs. */
  readonly atSites: boolean;
  readonly proposer: string | null;
  /** What the chain is for, as its author states it. */
  readonly purpose: string | undefined;
  /** `task_config`, references resolved. */
  readonly config: unknown;
  /** `sha256:<hex>` of the canonical task. */
  readonly task: string;
  /** One use: a hash of the task with its references resolved, and of the number of earlier runs of it that opened something. */
  readonly use: string;
  /** Whether the files and parameters are those that the owner saw, so that an approval covers them. */
  readonly asWritten: boolean;
  /** Names of the datasets that the task reads, or that what it reads was derived from. */
  readonly datasets: readonly string[];
  /** By dataset: the rows of the shortest version that it reads, or that what it reads was derived from; absent where that is not known. */
  readonly rows: Readonly<Record<string, number>>;
  /** By dataset: what all versions that went in may be used for; absent for anything. */
  readonly purposes: Readonly<Record<string, readonly string[]>>;
  /** Whether it reads a file that is no dataset: no policy covers such a file. */
  readonly readsPlainFiles: boolean;
}

/** What the party has signed and remembers. Signatures have been checked; of each subject only the newest statement is here. */
export interface PartyRecord {
  readonly policies: readonly PolicyStatement[];
  readonly approvals: readonly ApprovalStatement[];
  readonly ledger: readonly LedgerEntry[];
}

/** One use of a dataset. A second attempt of a task is no second use, unless its references lead to other values, or the first opened something. */
export interface LedgerEntry {
  /** ISO 8601. */
  readonly at: string;
  readonly use: string;
  readonly datasets: readonly string[];
  /** The approval that was there, by {@link approvalOf} or the key of a {@link Covering}. Absent where there was none, and in older notes. */
  readonly approval?: string;
}

/** Names an approval: a newer one of the same task is another. */
export const approvalOf = ({ task, serial }: Pick<ApprovalStatement, 'task' | 'serial'>): string => `${task} ${serial}`;

export type Verdict =
  | { readonly kind: 'allowed'; readonly by: 'policy' | 'approval' }
  /** `words` are the owner's. */
  | { readonly kind: 'refused'; readonly words: string }
  /** A person has to decide. Each reason says why no policy covers the task. */
  | { readonly kind: 'ask'; readonly reasons: readonly string[] };

/** Whether a time has come. Texts of times do not sort: some have milliseconds. */
export const isOver = (time: string, now: string): boolean => Date.parse(time) <= Date.parse(now);

const NO_WORDS = 'The owner of the data gave no reason.';

/** Whether the party lets the task run at `now` (ISO 8601). Everything that it does not allow, it asks a person about. */
export function judgeUse(request: UseRequest, record: PartyRecord, now: string): Verdict {
  const decision = record.approvals.find((approval) => approval.task === request.task);
  if (decision !== undefined && decision.decision !== 'approve') {
    return { kind: 'refused', words: decision.words ?? NO_WORDS };
  }
  const words = request.atSites ? undefined : siteWordsOf(request, record.policies);
  if (words !== undefined) return { kind: 'refused', words };
  const reasons: string[] = [];
  for (const dataset of request.datasets) {
    const verdict = judgeDataset(dataset, request, record, now);
    if (verdict.kind === 'refused') return verdict;
    if (verdict.kind === 'ask') reasons.push(...verdict.reasons);
  }
  if (request.readsPlainFiles) reasons.push('it reads a file that is no dataset');
  if (obeysText(request.taskType) && request.proposer !== request.party) {
    reasons.push(
      `${request.taskType} does what a text of its author says, and a policy covers texts of its own party alone`,
    );
  }
  if (reasons.length === 0) return { kind: 'allowed', by: 'policy' };
  if (isUnreviewed(request)) {
    const why =
      'nobody has reviewed what its component sends, and an approval does not cover it: a policy has to allow it';
    return { kind: 'refused', words: `${why}. ${reasons.join('; ')}` };
  }
  if (decision === undefined) return { kind: 'ask', reasons };
  if (!request.asWritten) {
    const why = 'a file or a parameter comes from a result, which an approval does not cover';
    return { kind: 'ask', reasons: [...reasons, why] };
  }
  if (isOver(decision.expires_at, now))
    return { kind: 'ask', reasons: [...reasons, `its approval expired at ${decision.expires_at}`] };
  const { runs = 1 } = decision;
  const covered = record.ledger.filter(({ approval, use }) => approval === approvalOf(decision) && use !== request.use);
  if (new Set(covered.map(({ use }) => use)).size >= runs) {
    const why = `its approval covers ${runs === 1 ? 'one run' : `${runs} runs`} that opened something to others, and the task did so already`;
    return { kind: 'ask', reasons: [...reasons, why] };
  }
  return { kind: 'allowed', by: 'approval' };
}

/** Whether it says itself that nobody has reviewed its component. */
const isUnreviewed = ({ taskType, config }: UseRequest): boolean =>
  taskType === 'component' && valueAt(config, '/not_reviewed') !== undefined;

/**
 * What forbids a task at a worker to read this: undefined where nothing does. A policy forbids it also after its end, and no approval lifts it. A
 * file that is no dataset may be one of them, by its path, or a copy.
 */
export function siteWordsOf(
  { datasets, readsPlainFiles }: Pick<UseRequest, 'datasets' | 'readsPlainFiles'>,
  policies: readonly PolicyStatement[],
): string | undefined {
  const kept = policies.find(
    ({ dataset, sites }) => sites === 'only' && (readsPlainFiles || datasets.includes(dataset)),
  );
  return (
    kept &&
    `${readsPlainFiles ? 'a file that is no dataset could be ' : ''}${kept.dataset} is read at the site of ${kept.party} alone (sites: only), and the task runs at a worker: "address": "node" in sf_init_config runs it at sites.`
  );
}

/**
 * Whether the owner names these columns of each dataset as keys: in the rule that decides on the task. An approval of the task is not
 * enough, as its owner may not see what they open.
 */
export function namesKeys(
  keys: readonly string[],
  request: UseRequest,
  policies: readonly PolicyStatement[],
  now: string,
): boolean {
  const use = usesOf(request.config, request.party, request.taskType);
  return request.datasets.every((dataset) => {
    const policy = policies.find((each) => each.dataset === dataset);
    if (policy === undefined || isOver(policy.expires_at, now)) return false;
    const deciding = policy.rules.find((rule) => misfitOf(rule, request, dataset, use) === null);
    const named = deciding?.columns?.['keys'] ?? [];
    return deciding?.effect !== 'refuse' && keys.every((key) => named.includes(key));
  });
}

function judgeDataset(dataset: string, request: UseRequest, record: PartyRecord, now: string): Verdict {
  const ask = (...reasons: string[]): Verdict => ({ kind: 'ask', reasons: reasons.map((why) => `${dataset}: ${why}`) });
  const policy = record.policies.find((each) => each.dataset === dataset);
  if (policy === undefined) return ask('the dataset has no policy');
  if (isOver(policy.expires_at, now)) return ask(`its policy expired at ${policy.expires_at}`);
  const use = usesOf(request.config, request.party, request.taskType);
  const misfits: string[] = [];
  for (const rule of policy.rules) {
    const misfit = misfitOf(rule, request, dataset, use);
    if (misfit !== null) {
      if (rule.task_types.includes(request.taskType)) misfits.push(misfit);
      continue;
    }
    if (rule.effect === 'refuse') return { kind: 'refused', words: rule.words ?? NO_WORDS };
    if (rule.effect === 'ask') return ask('its policy asks a person');
    const stranger = purposeMisfit(request.purposes[dataset], request.purpose);
    if (stranger !== null) return ask(stranger);
    const used = rule.uses === undefined ? 0 : countUses(record.ledger, dataset, request.use, rule.uses.days, now);
    if (rule.uses === undefined || used < rule.uses.max) return { kind: 'allowed', by: 'policy' };
    return ask(`it was used ${used} times within ${rule.uses.days} days, and its policy allows ${rule.uses.max}`);
  }
  return ask(...(misfits.length > 0 ? misfits : [`its policy has no rule for ${request.taskType}`]));
}

function purposeMisfit(allowed: readonly string[] | undefined, stated: string | undefined): string | null {
  if (allowed === undefined || (stated !== undefined && allowed.includes(stated))) return null;
  const what =
    stated === undefined ? 'the chain states no purpose' : `the purpose ${JSON.stringify(stated)} is not allowed`;
  return `${what} (metadata.purpose); allowed are ${allowed.join(', ') || 'none'}`;
}

/** What of a task a rule does not cover, or null if it covers all. */
function misfitOf(rule: PolicyRule, request: UseRequest, dataset: string, use: PartyUse): string | null {
  const { taskType, engine, parties, party, proposer, config } = request;
  if (!rule.task_types.includes(taskType)) return `the rule is not for ${taskType}`;
  // An owner who refuses or wants to be asked has not thought of native alone.
  const engines = rule.engines ?? (rule.effect === 'allow' ? ['native'] : undefined);
  if (engines?.includes(engine) === false) return `the engine ${engine} is not allowed`;
  // An owner who allows the engine has not thought of every protocol that the author may name.
  const isNamed = Object.hasOwn(rule.params ?? {}, '/protocol');
  const risk = rule.effect === 'allow' && !isNamed ? riskOfProtocol(taskType, engine, config) : undefined;
  if (risk !== undefined) return `${risk}: a rule that allows it has bounds for /protocol in params`;
  // Nor of all components: each opens other things.
  const isComponent = taskType === 'component' && rule.effect === 'allow';
  if (isComponent && !Object.hasOwn(rule.params ?? {}, '/component'))
    return 'the rule does not name the component: one that allows it has bounds for /component in params';
  const stranger = rule.with && parties.find((each) => each !== party && !rule.with!.includes(each));
  if (stranger !== undefined) return `party ${stranger} is not allowed`;
  if (rule.proposers !== undefined && (proposer === null || !rule.proposers.includes(proposer))) {
    return `chains of ${proposer ?? 'a key without a party'} are not allowed`;
  }
  const purpose = purposeMisfit(rule.purposes, request.purpose);
  if (purpose !== null) return purpose;
  const learner =
    rule.receivers &&
    learnersOf(taskType, engine, config, parties).find((each) => each !== party && !rule.receivers!.includes(each));
  if (learner !== undefined) return `party ${learner} may not learn anything`;
  const rows = Object.hasOwn(request.rows, dataset) ? request.rows[dataset]! : 0;
  if (rule.min_rows !== undefined && rows < rule.min_rows) {
    return rows === 0
      ? 'its number of rows is not known'
      : `it has fewer rows than the ${rule.min_rows} that the rule needs`;
  }
  if (rule.columns !== undefined) {
    const named = Object.entries(use.columns);
    if (named.length === 0) return 'the task names no columns, so it would use all';
    if (use.usesOthers) return 'the task uses columns that it does not name';
    for (const [role, columns] of named) {
      const allowed = new Set(Object.hasOwn(rule.columns, role) ? rule.columns[role] : []);
      const column = columns.find((each) => !allowed.has(each));
      if (column !== undefined) return `column ${JSON.stringify(column)} is not allowed in ${role}`;
    }
  }
  for (const [pointer, bounds] of Object.entries(rule.params ?? {})) {
    if (!isWithin(bounds, valueAt(config, pointer))) return `${pointer} is missing or outside its bounds`;
  }
  return null;
}

/** The value at a JSON pointer (RFC 6901), or undefined. */
function valueAt(value: unknown, pointer: string): unknown {
  let at: unknown = value;
  for (const part of pointer.slice(1).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}

/** Uses, other than `use`, of the dataset within the last `days`. */
function countUses(ledger: readonly LedgerEntry[], dataset: string, use: string, days: number, now: string): number {
  const since = Date.parse(now) - days * 86_400_000;
  const uses = ledger.filter(
    (entry) => Date.parse(entry.at) > since && entry.use !== use && entry.datasets.includes(dataset),
  );
  return new Set(uses.map((entry) => entry.use)).size;
}

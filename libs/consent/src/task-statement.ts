import { canonicalJson, type Json } from './canonical-json.js';

/** A task as its parties decide on it: as it was written in its chain, references unresolved. */
export interface TaskStatement {
  readonly chain_id: string;
  readonly task_id: string;
  readonly task_type: string;
  /** The party of the key that created the chain; null for a key of no party. The API says so; nobody signs it. */
  readonly proposer: string | null;
  /** `task_params`, as they were written. */
  readonly params: Json;
  /** The tasks whose results the parameters name, each by the `sha256:<hex>` of its own canonical statement. */
  readonly from: Readonly<Record<string, string>>;
}

/** What an approval signs the hash of. */
export function canonicalTask(task: TaskStatement): string {
  const { chain_id, task_id, task_type, proposer, params, from } = task;
  return canonicalJson({ kind: 'task', chain_id, task_id, task_type, proposer, params, from });
}

/**
 * Whether `resolved` is what `written` becomes when the results that it names are put in: equal in everything but the texts that
 * hold a reference. What a reference becomes is not checked here.
 */
export function resolvesTo(written: Json, resolved: unknown): boolean {
  if (typeof written === 'string') {
    const isOpen = /(^|[^$])\$\{/.test(written);
    return isOpen || resolved === written.replaceAll('$${', '${');
  }
  if (Array.isArray(written)) {
    const list = written as readonly Json[];
    if (!Array.isArray(resolved) || resolved.length !== list.length) return false;
    return list.every((item, i) => resolvesTo(item, resolved[i]));
  }
  if (written === null || typeof written !== 'object') return resolved === written;
  if (resolved === null || typeof resolved !== 'object' || Array.isArray(resolved)) return false;
  const [before, after] = [Object.entries(written), Object.entries(resolved)];
  if (before.length !== after.length) return false;
  const values = new Map<string, unknown>(after);
  return before.every(([name, member]) => values.has(name) && resolvesTo(member, values.get(name)));
}

/** The parties that a task's parameters name: a list, or an object by name. Takes any value and never throws. */
export function partiesOf(params: unknown): readonly string[] {
  const config = (params as { readonly sf_init_config?: { readonly parties?: unknown } | null } | null | undefined)
    ?.sf_init_config;
  const parties: unknown = config?.parties;
  if (Array.isArray(parties)) return parties.filter((party): party is string => typeof party === 'string');
  return typeof parties === 'object' && parties !== null ? Object.keys(parties) : [];
}

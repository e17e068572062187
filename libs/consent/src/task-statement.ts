import { canonicalJson, type Json } from './canonical-json.js';
import { INPUT_FIELDS } from './uses.js';

/** A task as its parties decide on it: as it was written in its chain, references unresolved. */
export interface TaskStatement {
  readonly chain_id: string;
  readonly task_id: string;
  readonly task_type: string;
  /** The party of the key that created the chain; null for a key of no party. The API says so; nobody signs it. */
  readonly proposer: string | null;
  /** What the chain is for, as its author states it; absent where nothing is stated. */
  readonly purpose?: string | undefined;
  /** `schedule:<id>` or `chain:<id>` of the whole that its chain is part of; absent where it is part of none. The API says so; nobody signs it. */
  readonly origin?: string | undefined;
  /** `task_params`, as they were written. */
  readonly params: Json;
  /**
   * The tasks whose results the parameters name, each by the `sha256:<hex>` of its own canonical statement. One of another chain, whose artifact
   * was handed down, is `<chain_id>/<task_id>`.
   */
  readonly from: Readonly<Record<string, string>>;
}

/** What an approval signs the hash of. */
export function canonicalTask(task: TaskStatement): string {
  const { chain_id, task_id, task_type, proposer, purpose, origin, params, from } = task;
  const stated = { ...(purpose !== undefined && { purpose }), ...(origin !== undefined && { origin }) };
  return canonicalJson({ kind: 'task', chain_id, task_id, task_type, proposer, ...stated, params, from });
}

/**
 * Whether `resolved` is what `written` becomes when the results that it names are put in: equal in everything but the texts that
 * hold a reference. What a reference becomes is not checked here.
 */
export function resolvesTo(written: Json, resolved: unknown, takesReferences = true): boolean {
  if (typeof written === 'string') {
    const isOpen = takesReferences && /(^|[^$])\$\{/.test(written);
    return isOpen || resolved === written.replaceAll('$${', '${');
  }
  if (Array.isArray(written)) {
    const list = written as readonly Json[];
    if (!Array.isArray(resolved) || resolved.length !== list.length) return false;
    return list.every((item, i) => resolvesTo(item, resolved[i], takesReferences));
  }
  if (written === null || typeof written !== 'object') return resolved === written;
  if (resolved === null || typeof resolved !== 'object' || Array.isArray(resolved)) return false;
  const [before, after] = [Object.entries(written), Object.entries(resolved)];
  if (before.length !== after.length) return false;
  const values = new Map<string, unknown>(after);
  return before.every(([name, member]) => values.has(name) && resolvesTo(member, values.get(name), takesReferences));
}

/**
 * Whether `resolved` is what was written, but for the files that it reads. An approval is for parameters that a person has seen: those
 * that come from a result were not there yet, and whoever may give a task a result chooses them.
 */
export function isAsWritten(written: Json, resolved: unknown): boolean {
  const inputs = inputsOf(resolved);
  return resolvesTo(without(inputs, written) as Json, without(inputs, resolved), false);
}

/** The fields that name files to read. A text is no file of a party: `model` of a training names the kind of the model. */
function inputsOf(params: unknown): readonly string[] {
  const { task_config: config } = (params ?? {}) as { readonly task_config?: Readonly<Record<string, unknown>> };
  return INPUT_FIELDS.filter((name) => typeof config?.[name] === 'object');
}

/** `task_params` without these fields of `task_config`. */
function without(names: readonly string[], params: unknown): unknown {
  const { task_config: config, ...rest } = (params ?? {}) as Readonly<Record<string, unknown>>;
  const others = Object.entries(config ?? {}).filter(([name]) => !names.includes(name));
  return { ...rest, task_config: Object.fromEntries(others) };
}

const MAX_PURPOSE = 200;

/** The purpose that a chain states in its metadata. Takes any value and never throws. */
export function purposeOf(metadata: unknown): string | undefined {
  const purpose = (metadata as { readonly purpose?: unknown } | null | undefined)?.purpose;
  return typeof purpose === 'string' && purpose !== '' && purpose.length <= MAX_PURPOSE ? purpose : undefined;
}

/** The parties that a task's parameters name: a list, or an object by name. Takes any value and never throws. */
export function partiesOf(params: unknown): readonly string[] {
  const config = (params as { readonly sf_init_config?: { readonly parties?: unknown } | null } | null | undefined)
    ?.sf_init_config;
  const parties: unknown = config?.parties;
  if (Array.isArray(parties)) return parties.filter((party): party is string => typeof party === 'string');
  return typeof parties === 'object' && parties !== null ? Object.keys(parties) : [];
}

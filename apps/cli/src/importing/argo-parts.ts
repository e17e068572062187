import { isObject } from '#libs/chain-domain';
import { secondsOf, translated, type Scope } from './argo-texts.js';
import { given, objectOf, objects, textOf, type Json, type Notes, type Place } from './imported.js';

export const MOST_TASKS = 10_000;
const OVERLAP: Readonly<Record<string, string>> = { Allow: 'allow', Forbid: 'skip', Replace: 'cancel' };

/** The schedule of a CronWorkflow, without its chain; null: it is none. */
export function scheduleOf(document: Json, chain: Json, notes: Notes): Json | null {
  if (document['kind'] !== 'CronWorkflow') return null;
  const spec = objectOf(document['spec']);
  const all = [spec['schedules'] ?? spec['schedule']].flat();
  const known = ['workflowSpec', 'schedule', 'schedules', 'timezone', 'concurrencyPolicy', 'suspend'];
  notes.rest(spec, ['spec'], known);
  all.slice(1).forEach((_, i) => notes.add(['spec', 'schedules', i + 1], 'UNKNOWN'));
  if (spec['suspend'] === true) notes.add(['spec', 'suspend'], 'PAUSED');
  return given({
    title: chain['chain_name'],
    cron: all[0],
    time_zone: spec['timezone'],
    overlap: OVERLAP[textOf(spec['concurrencyPolicy']) ?? 'Allow'] ?? 'allow',
  });
}

/** The parameters of a workflow. */
export function paramsOf(spec: Json, at: Place, notes: Notes): Json {
  const place = [...at, 'arguments'];
  const args = objectOf(spec['arguments']);
  notes.rest(args, place, ['parameters']);
  const found = objects(args['parameters']).map((parameter, i) => {
    const { name, value, default: otherwise, description, enum: values } = parameter;
    notes.rest(parameter, [...place, 'parameters', i], ['name', 'value', 'default', 'description', 'enum']);
    const text = value ?? otherwise;
    const property = given({
      type: typeof text === 'number' ? 'number' : 'string',
      default: text,
      description,
      enum: values,
    });
    return [String(name), property] as const;
  });
  if (found.length === 0) return {};
  const required = found.filter(([, property]) => property['default'] === undefined).map(([name]) => name);
  const properties = Object.fromEntries(found);
  return { params: given({ type: 'object', required: required.length > 0 ? required : undefined, properties }) };
}

/** The retry policy of a template. */
export function retriesOf(value: unknown, place: Place, notes: Notes): Json | undefined {
  if (!isObject(value)) return undefined;
  const { limit, backoff } = value;
  const policy = value['retryPolicy'];
  notes.rest(value, place, ['limit', 'backoff', 'retryPolicy']);
  if (policy !== undefined && policy !== 'Always' && policy !== 'OnFailure') {
    notes.add([...place, 'retryPolicy'], 'VALUE', { text: String(policy) });
  }
  const { duration, factor, cap } = objectOf(backoff);
  notes.rest(objectOf(backoff), [...place, 'backoff'], ['duration', 'factor', 'cap']);
  const grows = factor !== undefined && Number(factor) !== 1;
  if (grows && Number(factor) !== 2) notes.add([...place, 'backoff', 'factor'], 'VALUE', { text: String(factor) });
  const most = secondsOf(cap);
  return given({
    max_retries: limit === undefined ? 100 : Number(limit),
    delay_ms: Math.round((secondsOf(duration) ?? 0) * 1_000),
    backoff: grows ? 'exponential' : undefined,
    max_delay_ms: most === undefined ? undefined : Math.round(most * 1_000),
  });
}

/** The list of a loop; undefined: there is none, or it is not known yet. */
export function itemsOf(task: Json, place: Place, scope: Scope, notes: Notes): unknown {
  const { withItems, withParam, withSequence } = task;
  if (Array.isArray(withItems))
    return withItems.map((each) =>
      typeof each === 'string' ? translated(each, scope, notes, [...place, 'withItems']) : each,
    );
  if (isObject(withSequence)) {
    const first = Number(withSequence['start'] ?? 0);
    const last =
      withSequence['end'] === undefined ? first + Number(withSequence['count']) - 1 : Number(withSequence['end']);
    notes.rest(withSequence, [...place, 'withSequence'], ['start', 'end', 'count']);
    const count = Math.abs(last - first) + 1;
    if (Number.isInteger(count) && count <= MOST_TASKS) {
      return Array.from({ length: count }, (_, i) => String(last < first ? first - i : first + i));
    }
  }
  if (withParam === undefined && withSequence === undefined) return undefined;
  notes.add([...place, withParam === undefined ? 'withSequence' : 'withParam'], 'LOOP');
  return undefined;
}

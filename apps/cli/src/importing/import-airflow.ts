import { isObject } from '#libs/chain-domain';
import { noteDag, paramsOf, scheduleOf } from './airflow-dag.js';
import { isEmpty, plain, secondsOf } from './airflow-values.js';
import { escaped, given, Ids, Notes, objectOf, textOf, workOf } from './imported.js';
import type { Imported, Json, Mapping, Place } from './imported.js';

/** How Airflow shows, finds and loads an operator. */
const SHOWN = [
  ...[
    'ui_color',
    'ui_fgcolor',
    'template_fields',
    'template_ext',
    'template_fields_renderers',
    '_operator_extra_links',
  ],
  ...[
    '_task_module',
    '_operator_name',
    '_logger_name',
    'label',
    '_log_config_logger_name',
    'doc',
    'doc_md',
    'doc_json',
  ],
  ...[
    'doc_yaml',
    'doc_rst',
    'owner',
    '_is_sensor',
    'is_teardown',
    'is_setup',
    'on_failure_fail_dagrun',
    '_needs_expansion',
  ],
  ...['allow_nested_operators', 'render_template_as_native_obj', 'multiple_outputs', 'map_index_template'],
];
const PLATFORM = [
  'queue',
  'pool',
  'pool_slots',
  'executor',
  'executor_config',
  'run_as_user',
  'start_from_trigger',
  'start_trigger_args',
];
/** Rules that have the same name and meaning here. */
const SAME = [
  'all_success',
  'all_failed',
  'all_done',
  'one_success',
  'one_failed',
  'none_failed',
  'none_failed_min_one_success',
  'always',
];
const EARLIER: Readonly<Record<string, string>> = {
  dummy: 'always',
  none_failed_or_skipped: 'none_failed_min_one_success',
};
/** What holds where a field is left out: such a value says nothing. */
const DEFAULTS: Json = {
  ...{ depends_on_past: false, wait_for_downstream: false, ignore_first_depends_on_past: false, do_xcom_push: true },
  ...{ email_on_failure: true, email_on_retry: true, priority_weight: 1, weight_rule: 'downstream', queue: 'default' },
  ...{
    pool: 'default_pool',
    pool_slots: 1,
    retry_exponential_backoff: 0,
    params: {},
    wait_for_past_depends_before_skipping: false,
  },
};
const READ = [
  ...[
    'task_id',
    'task_type',
    '_task_type',
    'downstream_task_ids',
    '_downstream_task_ids',
    'trigger_rule',
    'retries',
    'retry_delay',
  ],
  ...[
    'retry_exponential_backoff',
    'max_retry_delay',
    'execution_timeout',
    '_task_display_name',
    'task_display_name',
    '_is_mapped',
  ],
  ...[
    'partial_kwargs',
    'expand_input',
    'op_kwargs_expand_input',
    '_expand_input_attr',
    '_is_empty',
    'delta',
    'target_time',
  ],
];

/** Makes a chain of a serialised DAG of Airflow 2 or 3, as its database and its API hold it. */
export function importAirflow(document: Json, mapping: Mapping): Imported {
  const notes = new Notes();
  const dag = objectOf(document['dag']);
  notes.rest(document, [], ['__version', 'dag', 'client_defaults']);
  const defaults = { ...objectOf(objectOf(document['client_defaults'])['tasks']) };
  const ids = new Ids();
  const found = (Array.isArray(dag['tasks']) ? dag['tasks'] : []).map((each: unknown, i) => {
    const wrapped = objectOf(each);
    const at: Place = isObject(wrapped['__var']) ? ['dag', 'tasks', i, '__var'] : ['dag', 'tasks', i];
    const task: Json = { ...defaults, ...(isObject(wrapped['__var']) ? wrapped['__var'] : wrapped) };
    return { task, at, name: String(task['task_id']), id: ids.take(String(task['task_id'])) };
  });
  const parents = new Map<string, string[]>();
  for (const { task, id } of found) {
    const below = task['downstream_task_ids'] ?? task['_downstream_task_ids'];
    for (const name of Array.isArray(below) ? below : [])
      parents.set(String(name), [...(parents.get(String(name)) ?? []), id]);
  }
  const tasks = found.map(({ task, at, name, id }) => taskOf(task, at, id, parents.get(name) ?? [], mapping, notes));
  const isFast = dag['fail_fast'] === true || dag['fail_stop'] === true;
  const options = given({
    timeout: secondsOf(dag['dagrun_timeout']),
    // A DAG run goes on where a task fails, with what does not depend on it.
    stop_on_error: isFast ? undefined : false,
    max_parallel: typeof dag['max_active_tasks'] === 'number' ? dag['max_active_tasks'] : undefined,
  });
  const name = textOf(dag['dag_id']) ?? textOf(dag['_dag_id']) ?? 'dag';
  const chain = given({
    chain_name: name,
    description: textOf(dag['description']) ?? textOf(dag['_description']),
    ...paramsOf(dag['params'], notes),
    tasks,
    options: Object.keys(options).length > 0 ? options : undefined,
  });
  noteDag(dag, notes);
  return { chain, schedule: scheduleOf(dag, name, notes), notes: notes.toArray() };
}

function taskOf(task: Json, at: Place, id: string, dependsOn: readonly string[], mapping: Mapping, notes: Notes): Json {
  const type = textOf(task['task_type']) ?? textOf(task['_task_type']) ?? 'BaseOperator';
  const inputs: Record<string, unknown> = {};
  const shown: string[] = [];
  for (const [key, value] of Object.entries(task)) {
    const says = plain(value);
    if (READ.includes(key) || JSON.stringify(DEFAULTS[key]) === JSON.stringify(says)) continue;
    if (SHOWN.includes(key) || (key.startsWith('has_on_') && says === false)) shown.push(key);
    else if (PLATFORM.includes(key)) notes.add([...at, key], 'PLATFORM');
    else if (key.startsWith('_') || COUNTED.includes(key) || key.startsWith('has_on_'))
      notes.add([...at, key], 'UNKNOWN');
    else if (!isEmpty(says)) inputs[key] = says;
  }
  for (const key of shown) notes.add(['dag', 'tasks', '*', key], 'SHOWN');
  const rule = textOf(task['trigger_rule']) ?? 'all_success';
  const known = SAME.includes(rule) ? rule : EARLIER[rule];
  if (known === undefined) notes.add([...at, 'trigger_rule'], 'RULE', { text: rule });
  if (task['_is_mapped'] === true) notes.add([...at, textOf(task['_expand_input_attr']) ?? 'expand_input'], 'LOOP');
  Object.assign(inputs, plain(task['partial_kwargs']) ?? {});
  const title = textOf(task['_task_display_name']) ?? textOf(task['task_display_name']);
  const written = given({
    task_id: id,
    task_name: title,
    ...workHere(type, task, inputs, at, mapping, notes),
    depends_on: dependsOn,
    trigger_rule: known === 'all_success' ? undefined : known,
  });
  if (written['task_type'] === 'wait') return written;
  return { ...written, ...given({ timeout: secondsOf(task['execution_timeout']), retry_policy: retriesOf(task) }) };
}

/** Fields that count where they are set, and have nothing like them here. */
const COUNTED = [
  ...[
    'depends_on_past',
    'wait_for_downstream',
    'sla',
    'start_date',
    'end_date',
    'priority_weight',
    'weight_rule',
    'inlets',
    'outlets',
  ],
  ...[
    'email',
    'email_on_failure',
    'email_on_retry',
    'max_active_tis_per_dag',
    'max_active_tis_per_dagrun',
    'do_xcom_push',
  ],
  ...['ignore_first_depends_on_past', 'depends_on_previous_tasks', 'params', 'resources'],
];

function workHere(type: string, task: Json, inputs: Json, at: Place, mapping: Mapping, notes: Notes): Json {
  const name = String(task['task_id']);
  const isGiven = Object.hasOwn(mapping.types, name) || Object.hasOwn(mapping.types, type);
  if (!isGiven && ['EmptyOperator', 'DummyOperator'].includes(type)) return wait({ seconds: 0 });
  const delta = secondsOf(task['delta']);
  if (!isGiven && type.startsWith('TimeDeltaSensor') && delta !== undefined) return wait({ seconds: delta });
  const until = textOf(task['target_time']);
  if (!isGiven && type.startsWith('DateTimeSensor') && until !== undefined) return wait({ until });
  const texts = Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => [key, withoutJinja(value, [...at, key], notes)]),
  );
  const names = Object.hasOwn(mapping.types, name) ? [name, type] : [type];
  return workOf(names, texts, mapping, notes, at);
}

const wait = (config: Json): Json => ({ task_type: 'wait', task_params: { task_config: config } });

/** `{{ params.x }}` as a reference; notes what else stands in braces. */
function withoutJinja(value: unknown, at: Place, notes: Notes): unknown {
  if (typeof value === 'string') {
    return escaped(value).replaceAll(/\{\{[^{}]*\}\}|\{%[^{}]*%\}/g, (tag) => {
      const [, param] = /^\{\{-?\s*params\.([A-Za-z_][A-Za-z0-9_]{0,63})\s*-?\}\}$/.exec(tag) ?? [];
      if (param !== undefined) return `\${params.${param}}`;
      notes.add(at, 'TEXT', { text: tag });
      return tag;
    });
  }
  if (Array.isArray(value)) return value.map((each) => withoutJinja(each, at, notes));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutJinja(each, at, notes)]));
}

function retriesOf(task: Json): Json | undefined {
  const retries = Number(task['retries'] ?? 0);
  if (retries === 0) return undefined;
  const most = secondsOf(task['max_retry_delay']);
  return given({
    max_retries: retries,
    delay_ms: Math.round((secondsOf(task['retry_delay']) ?? 300) * 1_000),
    backoff: Number(task['retry_exponential_backoff'] ?? 0) > 0 ? 'exponential' : undefined,
    max_delay_ms: most === undefined ? undefined : Math.round(most * 1_000),
  });
}

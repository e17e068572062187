import { isEmpty, plain, secondsOf } from './airflow-values.js';
import { given, objectOf, textOf, type Json, type Notes } from './imported.js';

const PRESETS = /^@(hourly|daily|weekly|monthly|yearly)$/;

/** The parameters of a DAG. */
export function paramsOf(value: unknown, notes: Notes): Json {
  const entries = Array.isArray(value) ? (value as [string, unknown][]) : Object.entries(objectOf(value));
  if (entries.length === 0) return {};
  const properties = entries.map(([name, each], i) => {
    const param = objectOf(plain(each));
    const schema = objectOf(plain(param['schema']));
    const place = ['dag', 'params', Array.isArray(value) ? i : name];
    const known = [
      'type',
      'title',
      'description',
      'enum',
      'minimum',
      'maximum',
      'minLength',
      'maxLength',
      'minItems',
      'maxItems',
    ];
    notes.rest(schema, [...place, 'schema'], known);
    notes.rest(param, place, ['__class', 'default', 'description', 'schema'], ['source']);
    const kept = Object.fromEntries(Object.entries(schema).filter(([key]) => known.includes(key)));
    return [
      name,
      given({
        ...kept,
        description: param['description'] ?? kept['description'],
        default: plain(param['default']) ?? undefined,
      }),
    ] as const;
  });
  const required = properties.filter(([, property]) => property['default'] === undefined).map(([name]) => name);
  return {
    params: given({
      type: 'object',
      required: required.length > 0 ? required : undefined,
      properties: Object.fromEntries(properties),
    }),
  };
}

/** The schedule of a DAG; null: it has none. */
export function scheduleOf(dag: Json, title: string, notes: Notes): Json | null {
  const timetable = objectOf(dag['timetable']);
  const type = textOf(timetable['__type']) ?? textOf(timetable['type']) ?? '';
  const says = objectOf(plain(timetable['__var'] ?? timetable['value']));
  const place = ['dag', 'timetable'];
  const old = plain(dag['schedule_interval']);
  const cron = textOf(says['expression']) ?? textOf(old);
  const seconds = secondsOf(says['delta']) ?? secondsOf(old);
  const isNever = /Null|Once/.test(type) || (type === '' && (old === null || old === undefined || old === '@once'));
  if (isNever) return null;
  const isCron = cron !== undefined && (PRESETS.test(cron) || cron.trim().split(/\s+/).length === 5);
  if (!isCron && seconds === undefined) {
    notes.add(type === '' ? ['dag', 'schedule_interval'] : place, 'VALUE', { text: type || String(old) });
    return null;
  }
  for (const field of ['start_date', 'end_date', 'max_consecutive_failed_dag_runs']) {
    if (!isEmpty(dag[field])) notes.add(['dag', field], 'UNKNOWN');
  }
  return given({
    title,
    ...(isCron ? { cron } : { interval: seconds }),
    time_zone: isCron ? (textOf(says['timezone']) ?? textOf(dag['timezone'])) : undefined,
    catch_up: dag['catchup'] === true ? 100 : 0,
    overlap: dag['max_active_runs'] === 1 ? 'queue' : 'allow',
  });
}

/** Notes what a DAG says beside its tasks, parameters and times. */
export function noteDag(dag: Json, notes: Notes): void {
  const read = [
    ...[
      'dag_id',
      '_dag_id',
      'description',
      '_description',
      'tasks',
      'params',
      'dagrun_timeout',
      'fail_fast',
      'fail_stop',
      'timetable',
    ],
    ...[
      'schedule_interval',
      'timezone',
      'catchup',
      'max_active_runs',
      'max_active_tasks',
      'start_date',
      'end_date',
      'max_consecutive_failed_dag_runs',
    ],
  ];
  const shown = [
    'fileloc',
    'relative_fileloc',
    '_processor_dags_folder',
    'task_group',
    '_task_group',
    'edge_info',
    'owner_links',
    'tags',
    'dag_display_name',
    'doc_md',
    'default_view',
    'orientation',
  ];
  for (const [key, value] of Object.entries(dag)) {
    if (read.includes(key) || isEmpty(plain(value)) || value === false) continue;
    notes.add(['dag', key], shown.includes(key) ? 'SHOWN' : 'UNKNOWN');
  }
}

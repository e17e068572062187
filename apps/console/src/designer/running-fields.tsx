import { useTranslation } from 'react-i18next';
import { isControlType, isFields, type DraftTask, type Fields } from './draft.js';
import { RetryFields } from './retry-fields.js';
import { SchemaFields } from './schema-form.js';

/** The API takes words and numbers. */
export const PRIORITIES = ['low', 'normal', 'high', 'critical', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** Fields of any task, and of those that a worker runs alone. */
const OF_ALL: Readonly<Record<string, Fields>> = {
  priority: { enum: PRIORITIES },
  tolerable: { type: 'boolean', default: false },
};
const OF_WORKERS: Readonly<Record<string, Fields>> = {
  timeout: { type: 'integer' },
  queue_timeout: { type: 'integer' },
  concurrency_key: { type: 'string' },
  concurrency_limit: { type: 'integer', default: 1 },
};
const HELPED = ['tolerable', 'concurrency_key'];

interface RunningProps {
  readonly task: DraftTask;
  /** The options of the chain: what holds where the task says nothing. */
  readonly options: unknown;
  readonly at: string;
  readonly edit: (patch: Fields) => void;
  readonly faultAt: (pointer: string) => string | undefined;
}

/** How a task runs. What is written stays in sight, where it has no meaning, too. */
export function Running({ task, options, at, edit, faultAt }: RunningProps) {
  const { t } = useTranslation();
  const isControl = isControlType(task.task_type);
  const above = isFields(options) ? options : {};
  const shown = Object.entries({ ...OF_ALL, ...OF_WORKERS }).filter(
    ([name]) => !isControl || name in OF_ALL || task[name] !== undefined,
  );
  const properties = shown.map(([name, schema]) => [
    name,
    {
      ...schema,
      ...(['priority', 'queue_timeout'].includes(name) && above[name] !== undefined && { default: above[name] }),
      title: t(`designer.runs.${name}`),
      ...(HELPED.includes(name) && { description: t(`designer.runs.help.${name}`) }),
    },
  ]);
  return (
    <>
      <h3>{t('designer.running')}</h3>
      <SchemaFields
        schema={{ properties: Object.fromEntries(properties) }}
        value={Object.fromEntries(shown.flatMap(([name]) => (task[name] === undefined ? [] : [[name, task[name]]])))}
        change={(next) => {
          const now = isFields(next) ? next : {};
          const [changed] = shown.filter(([name]) => now[name] !== task[name]);
          if (changed !== undefined) edit({ [changed[0]]: now[changed[0]] });
        }}
        pointer={at}
        help={{ parties: [], datasets: [], params: undefined, complete: () => [], faultAt }}
      />
      {(!isControl || task['retry_policy'] !== undefined) && (
        <RetryFields
          value={task['retry_policy']}
          inherited={above['retry_policy']}
          change={(policy) => edit({ retry_policy: policy })}
          pointer={`${at}/retry_policy`}
          faultAt={faultAt}
        />
      )}
    </>
  );
}

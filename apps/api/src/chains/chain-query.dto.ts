import { TASK_FIELDS, WHOLE_CHAIN_FIELDS } from '#libs/repositories';
import { QueryChoice, QueryList, queryRule } from '../http/query-rules.js';

const TASKS = 'tasks';
/** The fields of a `TaskDto` that an answer can be limited to. */
export const SHOWN_TASK_FIELDS = [...TASK_FIELDS, 'waiting'];
const FIELDS = [...WHOLE_CHAIN_FIELDS, TASKS, ...SHOWN_TASK_FIELDS.map((field) => `${TASKS}.${field}`)];

/** The query of `GET /chains/{chain_id}`. */
export class ChainQueryDto {
  /** `summary`: `tasks` is empty, which costs nothing however many there are, and `outputs` is left out. */
  @QueryChoice(['full', 'summary'], { default: 'full' })
  view?: string;
  /** Only these fields of the chain, separated by commas: `tasks` for whole tasks, `tasks.<field>` for one of their fields. The ids are always there. */
  @QueryList(FIELDS, { example: 'status,progress,tasks.status' })
  @queryRule<ChainQueryDto>('fields', (_, { view }) => (view === undefined ? null : 'Give view or fields, not both.'))
  fields?: string[];
}

/** What of a chain is read; without a list: all fields. */
export interface WantedParts {
  readonly chain: readonly string[] | undefined;
  readonly tasks: readonly string[] | undefined;
  readonly withTasks: boolean;
}

/** What the query asks for. */
export function partsOf({ view, fields }: ChainQueryDto): WantedParts {
  if (fields === undefined) return { chain: undefined, tasks: undefined, withTasks: view !== 'summary' };
  const chain = fields.filter((field) => WHOLE_CHAIN_FIELDS.includes(field));
  const tasks = fields.flatMap((field) => (field.startsWith(`${TASKS}.`) ? [field.slice(TASKS.length + 1)] : []));
  const whole = fields.includes(TASKS);
  return { chain, tasks: whole ? undefined : tasks, withTasks: whole || tasks.length > 0 };
}

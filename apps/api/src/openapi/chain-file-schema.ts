import { taskRunners, type TaskType } from '#libs/compute';
import { createChainSchema } from '../chains/creating/create-chain.schema.js';

type Schema = Readonly<Record<string, unknown>>;

const REFERENCE = '#/$defs/reference';

/**
 * The JSON Schema of a file with a chain, for editors: what `POST /chains` takes, with the parameters of each task type,
 * where a reference to a result may stand in place of any value. A schema cannot find faults of the graph.
 */
export function chainFileSchema(types: readonly TaskType[]): Schema {
  const { $schema, properties, ...rest } = createChainSchema;
  const { items: task, ...tasks } = properties.tasks;
  const { description, examples } = task.properties.task_type;
  const named = types.map(({ type, title, description: says }) => ({ const: type, title, description: says }));
  return {
    $schema,
    ...rest,
    properties: {
      ...properties,
      tasks: {
        ...tasks,
        items: {
          ...task,
          properties: { ...task.properties, task_type: { description, examples, oneOf: named } },
          allOf: types.map(({ type }) => ({
            if: { properties: { task_type: { const: type } }, required: ['task_type'] },
            then: { properties: { task_params: { $ref: `#/$defs/${type}` } } },
          })),
        },
      },
    },
    $defs: {
      reference: {
        type: 'string',
        pattern: '\\$\\{',
        description: 'A result of a task before: ${tasks.<task_id>.result.<path>}.',
      },
      ...Object.fromEntries(types.map((type) => [type.type, paramsSchema(type)])),
    },
  };
}

function paramsSchema({ type, title, needsParties, runsOn, configSchema }: TaskType): Schema {
  const { $schema: _schema, ...config } = configSchema;
  if (runsOn === 'listener') {
    const properties = { task_config: withReferences(config) };
    return { type: 'object', title, additionalProperties: false, required: ['task_config'], properties };
  }
  return {
    type: 'object',
    title,
    additionalProperties: false,
    required: needsParties ? ['sf_init_config', 'task_config'] : ['task_config'],
    properties: {
      engine: {
        enum: taskRunners.filter((runner) => runner.leaves(type) !== undefined).map(({ name }) => name),
        description: 'What runs the task; the first where it is left out.',
      },
      sf_init_config: {
        type: 'object',
        description: 'The parties: {"parties": ["alice", "bob"], "address": "local"}.',
      },
      spu_config: { type: 'object', description: 'For engines that compute on an SPU.' },
      task_config: withReferences(config),
    },
  };
}

/** The schema with a reference allowed in place of each value in it. */
function withReferences(schema: Schema): Schema {
  const inside = (value: unknown) => (isSchema(value) ? orReference(value) : value);
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === 'properties') return [key, mapValues(value as Schema, inside)];
      if (key === 'items' || key === 'additionalProperties') return [key, inside(value)];
      if (key === 'oneOf' || key === 'anyOf' || key === 'allOf') return [key, (value as Schema[]).map(withReferences)];
      return [key, value];
    }),
  );
}

/** Of a `const`, which tells branches apart, and of plain text there is nothing to add. What is said of it stays on top. */
function orReference(schema: Schema): Schema {
  const { title, description, default: fallback, ...rest } = schema;
  if ('const' in rest || (rest['type'] === 'string' && !('pattern' in rest) && !('enum' in rest))) return schema;
  const said = Object.entries({ title, description, default: fallback }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(said), anyOf: [withReferences(rest), { $ref: REFERENCE }] };
}

const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;
const mapValues = (map: Schema, change: (value: unknown) => unknown): Schema =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));

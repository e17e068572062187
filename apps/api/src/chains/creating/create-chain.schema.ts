import { MAX_TASKS } from '#libs/dag-planner';
import { TRIGGER_RULES } from '#libs/chain-domain';
import { LABEL_KEY, LABEL_VALUE } from '../../http/patterns.js';
import { branch, condition, endChain, taskId } from './conditions.schema.js';
import { forEach } from './for-each.schema.js';
import { functionFields } from './params.schema.js';
import { repeat } from './repeat.schema.js';
import { retryPolicy } from './retry-policy.schema.js';

const timeout = { type: 'integer', minimum: 1, maximum: 2_592_000 } as const;
const queueTimeout = {
  ...timeout,
  description:
    'Seconds that a task may wait for a worker after it became ready; then it fails with TIMEOUT_QUEUE, which its retry policy may retry. Waiting for parents, a pause or max_parallel does not count. Default: no limit.',
  examples: [300],
} as const;

/** Words for a priority and the numbers they stand for. 1 is the lowest and 10 the highest. */
export const PRIORITY_WORDS = { low: 3, normal: 5, high: 7, critical: 9 } as const;
export const priority = {
  enum: ['low', 'normal', 'high', 'critical', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  description:
    'Which tasks run first when capacity is short: 1 (last) to 10 (first), or low (3), normal (5), high (7), critical (9).',
  examples: ['high', 8],
} as const;

// Its default stands in words: without a key a limit is refused, and some clients send every default.
const concurrencyLimit = { type: 'integer', minimum: 1, maximum: MAX_TASKS, examples: [2] } as const;
const concurrencyKey = { type: 'string', minLength: 1, maxLength: 128, examples: ['party-alice'] } as const;

const dependency = {
  type: ['string', 'object'],
  minLength: 1,
  maxLength: 64,
  pattern: taskId.pattern,
  required: ['task_id'],
  additionalProperties: false,
  description: 'The id of a task to wait for, or an object that also states the type of the dependency.',
  examples: ['task-001', { task_id: 'task-001', dependency_type: 'data' }],
  properties: {
    task_id: { ...taskId, description: 'The id of the task to wait for.', examples: ['task-001'] },
    dependency_type: {
      enum: ['sequential', 'data', 'condition'],
      default: 'sequential',
      description:
        'sequential: only waits. data: also uses the result. condition: also has a `when` that must hold. Default with a `when`: condition.',
      examples: ['data'],
    },
    when: condition,
  },
} as const;

/** Accepted as it stands: it names tables that the examples bring. */
const psiParams = {
  sf_init_config: { parties: ['alice', 'bob'], address: 'local' },
  task_config: {
    keys: { alice: ['id'], bob: ['id'] },
    input_paths: { alice: 'breast-cancer.csv', bob: 'breast-cancer.csv' },
  },
} as const;

const taskName = { type: 'string', minLength: 1, maxLength: 255, examples: ['PSI求交'] } as const;
const taskType = { type: 'string', minLength: 1, maxLength: 50, examples: ['psi'] } as const;

const task = {
  type: 'object',
  additionalProperties: false,
  required: ['task_id', 'task_type', 'task_params'],
  description: 'One task of the chain.',
  examples: [
    {
      task_id: 'psi',
      task_name: 'PSI求交',
      task_type: 'psi',
      execution_mode: 'sequential',
      depends_on: [],
      task_params: psiParams,
    },
  ],
  properties: {
    task_id: { ...taskId, description: 'Identifies the task within its chain.', examples: ['task-001'] },
    task_name: { ...taskName, description: 'A name for people. Default: the task_id.' },
    task_type: { ...taskType, description: 'The task type, one of GET /api/v1/task-types.' },
    execution_mode: {
      enum: ['sequential', 'parallel'],
      default: 'sequential',
      description:
        'What a task without depends_on waits for: sequential for the previous task in the list, parallel for none.',
      examples: ['parallel'],
    },
    depends_on: {
      type: 'array',
      maxItems: MAX_TASKS,
      items: dependency,
      description: 'The tasks to wait for. An empty list waits for none, regardless of execution_mode.',
      examples: [['task-001', { task_id: 'task-002', dependency_type: 'data' }]],
    },
    callback_for: {
      type: 'array',
      maxItems: MAX_TASKS,
      items: { ...taskId, description: 'The id of a task to wait for.', examples: ['task-002'] },
      description:
        'Like depends_on, and makes the task a callback. Ids that depends_on does not contain are added to it.',
      examples: [['task-002', 'task-003']],
    },
    is_callback: {
      type: 'boolean',
      default: false,
      description: 'Marks the task that collects the results of others.',
      examples: [true],
    },
    task_params: {
      type: 'object',
      additionalProperties: true,
      description:
        'The parameters of the task type. A string ${tasks.<task_id>.result.<path>} stands for a value of an earlier result; write $${ for a literal ${.',
      examples: [psiParams],
    },
    retry_policy: retryPolicy,
    timeout: {
      ...timeout,
      description: "Maximum run time of one attempt, in seconds. Default: only the chain's timeout.",
      examples: [600],
    },
    priority,
    trigger_rule: {
      type: ['string', 'object'],
      required: ['at_least'],
      additionalProperties: false,
      // Its default and that of priority stand in words: generators of Java write a default of several types as code that does not compile.
      description: `When the task may start, by the outcomes of its parents: ${TRIGGER_RULES.join(', ')}. {"at_least": k} starts it at the k-th success. Default: all_success.`,
      examples: ['all_success', { at_least: 2 }],
      properties: {
        at_least: {
          type: 'integer',
          minimum: 1,
          maximum: MAX_TASKS,
          description: 'Number of successes required, at most the number of parents.',
          examples: [2],
        },
      },
    },
    when: condition,
    branch,
    end_chain: endChain,
    for_each: forEach,
    repeat,
    compensate_with: {
      type: 'object',
      additionalProperties: false,
      required: ['task_type', 'task_params'],
      description:
        'How the task is undone. If the chain fails or is cancelled, another chain (compensated_by) runs this for each task that had succeeded, the last ones first.',
      examples: [
        { task_type: 'http', task_params: { task_config: { url: 'https://bank.example/holds/7', method: 'DELETE' } } },
      ],
      properties: {
        task_type: { ...taskType, description: 'The task type that undoes it.' },
        task_name: { ...taskName, description: 'A name for people. Default: that of the task.' },
        task_params: {
          type: 'object',
          additionalProperties: true,
          description:
            'The parameters of the task type. They may refer to results of the task that is undone and of those before it.',
          examples: [{ task_config: { url: 'https://bank.example/holds/7', method: 'DELETE' } }],
        },
        retry_policy: {
          ...retryPolicy,
          description:
            'When and how often a failure is retried; then the chain waits for an operator, whatever on_exhausted says. Fields not set: those of the task.',
        },
        timeout: { ...timeout, description: 'Maximum run time of one attempt, in seconds.', examples: [600] },
      },
    },
    tolerable: {
      type: 'boolean',
      default: false,
      description:
        'true: the task may fail without failing the chain. Its successors treat the failure as a success with a null result. Takes precedence over on_exhausted.',
      examples: [true],
    },
    queue_timeout: queueTimeout,
    concurrency_key: {
      ...concurrencyKey,
      description:
        "At most concurrency_limit of your tenant's tasks with this key are sent or running at once, over all chains. Cannot be combined with a key of the chain.",
    },
    concurrency_limit: {
      ...concurrencyLimit,
      description: 'Maximum number of tasks with the key that are sent or running at once. Default: 1.',
    },
  },
  dependentRequired: { concurrency_limit: ['concurrency_key'] },
} as const;

const options = {
  type: 'object',
  additionalProperties: false,
  description: 'How the chain runs.',
  examples: [{ retry_policy: { max_retries: 3 }, timeout: 7200, priority: 'high', stop_on_error: true }],
  properties: {
    retry_policy: retryPolicy,
    timeout: {
      ...timeout,
      default: 7200,
      description: 'Maximum run time of the whole chain, in seconds.',
      examples: [7200],
    },
    queue_timeout: {
      ...queueTimeout,
      description: `Default for tasks that do not set one. ${queueTimeout.description}`,
    },
    approval_timeout: {
      type: 'integer',
      minimum: 1,
      maximum: 31_536_000,
      default: 604_800,
      description:
        'How long a task waits for the approval of an owner, in seconds. Then it fails with APPROVAL_EXPIRED. While a chain waits only for approvals, its timeout is suspended.',
      examples: [604_800],
    },
    priority: { ...priority, description: `${priority.description} Default: normal.` },
    stop_on_error: {
      type: 'boolean',
      default: true,
      description:
        'true: the first failure ends the chain. false: tasks that do not depend on the failed one still run.',
      examples: [true],
    },
    max_parallel: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_TASKS,
      description:
        "Maximum number of the chain's tasks that are sent or running at once. Default: only the number of workers.",
      examples: [10],
    },
    concurrency_key: {
      ...concurrencyKey,
      description:
        "At most concurrency_limit of your tenant's chains with this key run at once: from the first task that is sent until the chain has ended. The others wait, ordered by priority.",
    },
    concurrency_limit: {
      ...concurrencyLimit,
      description: 'Maximum number of chains with the key that run at once. Default: 1.',
    },
  },
  dependentRequired: { concurrency_limit: ['concurrency_key'] },
} as const;

/** The body of `POST /chains`, as a JSON Schema 2020-12. Names are those of the wire. */
export const createChainSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'CreateChain',
  type: 'object',
  additionalProperties: false,
  required: ['chain_name', 'tasks'],
  description: 'A chain of tasks to create.',
  examples: [
    {
      chain_name: 'PSI数据处理流程',
      tasks: task.examples,
      options: options.examples[0],
    },
  ],
  properties: {
    chain_name: {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      description: 'A name for people.',
      examples: ['联邦模型训练'],
    },
    description: {
      type: 'string',
      maxLength: 10_000,
      description: 'The purpose of the chain.',
      examples: ['并行训练 -> 模型聚合'],
    },
    tasks: {
      type: 'array',
      minItems: 1,
      maxItems: MAX_TASKS,
      items: task,
      description: 'The tasks, 1 to 10,000 of them, in any order.',
      examples: [task.examples],
    },
    options,
    ...functionFields,
    metadata: {
      type: 'object',
      additionalProperties: true,
      description:
        'Any JSON object, returned unchanged. `purpose`, a string of at most 200 characters, is part of what owners of data approve.',
      examples: [{ ticket: 'A-17' }],
    },
    labels: {
      type: 'object',
      maxProperties: 32,
      propertyNames: { pattern: LABEL_KEY.source },
      additionalProperties: { type: 'string', minLength: 1, maxLength: 255, pattern: LABEL_VALUE.source },
      description:
        'What lists of chains can be filtered by: GET /chains?labels.env=prod. Keys have 1 to 64 letters, digits and . _ / -, values 1 to 255 characters without commas.',
      examples: [{ env: 'prod', team: 'risk' }],
    },
    execute: {
      type: 'boolean',
      default: false,
      description: 'true starts the chain when it is created.',
      examples: [true],
    },
  },
} as const;

import { CHAIN_ENDS } from '#libs/chain-domain';
import { MAX_CONDITION_LENGTH } from '#libs/chain-engine';
import { MAX_TASKS } from '#libs/dag-planner';

/** The id of a task within its chain. */
export const taskId = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9._-]*$' } as const;

export const condition = {
  type: 'string',
  minLength: 1,
  maxLength: MAX_CONDITION_LENGTH,
  description:
    'A CEL expression that is evaluated when the task is due; false skips the task (CONDITION). It can read tasks.<id>.status and tasks.<id>.result of tasks before this one (tasks["task-001"] for ids with - or .), chain.name, chain.type and chain.metadata, and params: the task_params as they were sent. Guard optional values with has(); an error fails the task. Numbers in results are doubles: int(x) % 2. Macros: has, all, exists, exists_one, map and filter; matches() is not available.',
  examples: [
    'tasks["task-001"].result.intersection_count > 100',
    'tasks.audit.status == "SUCCESS" && has(tasks.audit.result.ok) && tasks.audit.result.ok',
  ],
} as const;

/** When the task's success ends the chain. */
export const endChain = {
  type: 'object',
  additionalProperties: false,
  required: ['when', 'status'],
  description:
    'Ends the chain when this task has succeeded and `when` holds: tasks that run are cancelled, the others skipped (CHAIN_STOPPED). `when` may also read tasks.<id>.result of this task itself.',
  examples: [
    { when: 'tasks.psi.result.intersection_count < 100', status: 'SUCCESS', message: 'too few rows in common' },
  ],
  properties: {
    when: condition,
    status: { enum: CHAIN_ENDS, description: 'What the chain ends with.', examples: ['SUCCESS'] },
    message: {
      type: 'string',
      minLength: 1,
      maxLength: 1_000,
      description: 'Why, for people. Of FAILURE it is the message of the error (CHAIN_ENDED).',
      examples: ['too few rows in common'],
    },
  },
} as const;

const taken = {
  type: 'array',
  minItems: 1,
  maxItems: MAX_TASKS,
  uniqueItems: true,
  items: { ...taskId, description: 'The id of a task that runs where the arm is taken.', examples: ['train'] },
} as const;

/** Arms of a task: the first that holds is taken. */
export const branch = {
  type: 'array',
  minItems: 1,
  maxItems: 32,
  description:
    'Which tasks run after this one, as if/else: the first arm whose `when` holds is taken, an `else` comes last. Tasks of the other arms are skipped (CONDITION). Each task that an arm names waits for this one. The chain stores it written out, as conditions of depends_on.',
  items: {
    type: 'object',
    additionalProperties: false,
    description: 'One arm: `when` and `then`, or `else`.',
    examples: [{ when: 'tasks.psi.result.intersection_count >= 100', then: ['train'] }],
    properties: {
      when: condition,
      then: { ...taken, description: 'The tasks that run if `when` holds.', examples: [['train']] },
      else: { ...taken, description: 'The tasks that run if no arm before holds.', examples: [['report']] },
    },
  },
  examples: [[{ when: 'tasks.psi.result.intersection_count >= 100', then: ['train'] }, { else: ['report'] }]],
} as const;

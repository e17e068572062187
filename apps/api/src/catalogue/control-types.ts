import {
  type ControlType,
  type FOR_EACH,
  isObject,
  LONGEST_HOLD_S,
  MAX_QUESTION,
  MAX_SIGNAL_KEY,
  MAX_SIGNERS,
  pointer,
  readSignal,
  readSignOff,
  readWait,
  SIGNAL_NAME,
  HOLD_TIME_S,
  TIME_PATTERN,
} from '#libs/chain-domain';
import { schemaFaults, type TaskType } from '#libs/compute';
import { valueSchemaFaults } from '../chains/creating/params.schema.js';

type ParamsFault = { readonly pointer: string; readonly message: string; readonly isLiteral?: true };

const wait = {
  type: 'object',
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
  properties: {
    seconds: {
      type: 'number',
      minimum: 0,
      maximum: LONGEST_HOLD_S,
      title: 'Seconds',
      description: 'How long it waits, from when its parents have finished.',
      examples: [3600],
    },
    until: {
      type: 'string',
      pattern: TIME_PATTERN,
      title: 'Until',
      description: 'The time at which it ends, with its offset from UTC. A time that has passed does not wait.',
      examples: ['2027-01-31T09:00:00+08:00'],
    },
  },
} as const;

const childChain = {
  type: 'object',
  additionalProperties: false,
  properties: {
    chain: {
      type: 'object',
      title: 'Chain',
      description:
        'The chain that it runs, as POST /chains takes it, without args and execute. Needed, unless there is a template.',
    },
    template: {
      type: 'string',
      maxLength: 64,
      title: 'Template',
      description: 'The template whose chain it runs.',
      examples: ['template-psi'],
    },
    version: {
      type: ['string', 'integer'],
      maxLength: 64,
      title: 'Version',
      description: 'A number or label. Default: production, else the newest.',
      examples: ['production', 3],
    },
    args: {
      type: 'object',
      title: 'Arguments',
      description: 'A value for each parameter of the chain that has no default.',
      examples: [{ keys: ['id'] }],
    },
  },
  dependentRequired: { version: ['template'] },
} as const;

const signal = {
  type: 'object',
  additionalProperties: false,
  required: ['name', 'key'],
  properties: {
    name: {
      type: 'string',
      pattern: SIGNAL_NAME.source,
      title: 'Name',
      description: 'What kind of signal it waits for.',
      examples: ['file-arrived'],
    },
    key: {
      type: ['string', 'integer'],
      minLength: 1,
      maxLength: MAX_SIGNAL_KEY,
      title: 'Key',
      description: 'Which signal of that name: the one that was sent with this key.',
      examples: ['order-4711'],
    },
    timeout: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: LONGEST_HOLD_S,
      default: HOLD_TIME_S,
      title: 'Timeout',
      description: 'Seconds that it waits; then it fails with TIMEOUT_SIGNAL.',
      examples: [86400],
    },
    schema: {
      type: 'object',
      title: 'Schema',
      description: 'What the payload must be: a JSON Schema without pattern, uniqueItems, $ref and combinations.',
      examples: [{ type: 'object', required: ['path'], properties: { path: { type: 'string' } } }],
    },
  },
} as const;

const signOff = {
  type: 'object',
  additionalProperties: false,
  required: ['question', 'who'],
  properties: {
    question: {
      type: 'string',
      minLength: 1,
      maxLength: MAX_QUESTION,
      title: 'Question',
      description: 'What is asked.',
      examples: ['May the scores be sent to the partner?'],
    },
    who: {
      type: 'array',
      minItems: 1,
      maxItems: MAX_SIGNERS,
      items: { type: 'string' },
      title: 'Who',
      description:
        'Who may answer: callers as the audit log names them, key:<id>, oidc:<subject>, or all of a role and above, role:operator.',
      examples: [['oidc:alice', 'role:admin']],
    },
    timeout: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: LONGEST_HOLD_S,
      default: HOLD_TIME_S,
      title: 'Timeout',
      description: 'Seconds that it waits; then it fails with SIGN_OFF_EXPIRED.',
      examples: [86400],
    },
    form: {
      type: 'object',
      title: 'Form',
      description: 'What the answer must be: a JSON Schema without pattern, uniqueItems, $ref and combinations.',
      examples: [{ type: 'object', required: ['amount'], properties: { amount: { type: 'number', minimum: 0 } } }],
    },
  },
} as const;

const control = (type: ControlType, said: Pick<TaskType, 'title' | 'description' | 'configSchema'>): TaskType => ({
  ...said,
  type,
  leaves: 'Nothing.',
  runsOn: 'listener',
  needsParties: false,
});

/** Task types that no worker runs. */
export const controlTypes: readonly TaskType[] = [
  control('wait', {
    title: 'Wait',
    description: 'Waits until a time, or for a duration. Takes no slot of a worker and no place of max_parallel.',
    configSchema: wait,
  }),
  control('chain', {
    title: 'Chain',
    description:
      'Runs another chain, its child, and gives its outputs. Takes no slot of a worker and no place of max_parallel.',
    configSchema: childChain,
  }),
  control('signal', {
    title: 'Signal',
    description: 'Waits for an event from outside, POST /signals, with its name and key. The payload is the result.',
    configSchema: signal,
  }),
  control('sign_off', {
    title: 'Sign-off',
    description: 'Asks a person, and waits for the answer: approve or reject, with a form. The answer is the result.',
    configSchema: signOff,
  }),
];

const READERS: Readonly<Record<Exclude<ControlType, typeof FOR_EACH>, (params: unknown) => object>> = {
  wait: readWait,
  // read-children.ts reads it.
  chain: () => ({}),
  signal: readSignal,
  sign_off: readSignOff,
};

const isOpen = (value: unknown): boolean => typeof value === 'string' && value.includes('${');

/** What is wrong with the parameters of a control task; pointers are relative to `task_params`. */
export function checkControl(
  type: Exclude<ControlType, typeof FOR_EACH>,
  params: Record<string, unknown>,
): readonly ParamsFault[] {
  const { task_config: config, ...others } = params;
  const unknown = Object.keys(others).map((key) => ({
    pointer: pointer(key),
    message: 'is not a known field: there is task_config',
  }));
  if (!isObject(config)) return [...unknown, { pointer: '/task_config', message: 'is required and must be an object' }];
  const faults = schemaFaults(
    controlTypes.find((each) => each.type === type)!,
    config,
    isOpen,
  );
  const ofSchema = ['schema', 'form'].flatMap((field) => {
    const schema = config[field];
    const at = `/task_config/${field}`;
    // A schema out of a result could be one that never ends.
    if (isOpen(schema)) {
      return [{ pointer: at, message: 'is written out: it takes no references', isLiteral: true } as const];
    }
    return isObject(schema) ? valueSchemaFaults(schema, at) : [];
  });
  const { schema: _schema, form: _form, ...values } = config;
  if (faults.length + ofSchema.length > 0 || JSON.stringify(values).includes('${'))
    return [...unknown, ...faults, ...ofSchema];
  // What the schema cannot say.
  const read = READERS[type](params);
  return 'fault' in read ? [...unknown, { pointer: '/task_config', message: String(read.fault) }] : unknown;
}

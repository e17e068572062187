import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import {
  checkTaskParams,
  dealerOf,
  findTaskType,
  isAtSites,
  findRunner,
  SITE_TYPES,
  sitesRunOn,
  type TaskParams,
  type TaskType,
} from '#libs/compute';
import { canonicalTask, partiesOf, type ConsentJson, type TaskStatement } from '#libs/consent';
import { Refusal } from './refusal.js';
import { plain } from './terminal.js';

/** A task that the sites run together. Each of them has the same file. */
export interface SharedTask {
  readonly statement: TaskStatement;
  readonly params: TaskParams;
  readonly type: TaskType;
  /** `sha256:<hex>` of its canonical form: white space and the order of fields do not matter. */
  readonly hash: string;
  /** Sorted. */
  readonly parties: readonly string[];
  /** The dealer that the task names: an offered one does, where its type needs one. */
  readonly dealer?: string | undefined;
  /** The artifacts that its parameters name. All belong to its chain. */
  readonly reads: readonly ReadArtifact[];
}

/** An artifact of the own chain that a task names. */
export interface ReadArtifact {
  /** `<chain>/<task>` of what made it. */
  readonly maker: string;
  /** Below the folder of what made it: `<party>/<name>`, or `<name>` where it is of no party. */
  readonly path: string;
}

/** A task as a file has it, and as the control plane offers it. */
interface Written {
  readonly chain_id: string;
  readonly task_id: string;
  readonly task_type: string;
  readonly purpose?: string;
  readonly task_params: TaskParams;
}

const id = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$' };
const isWritten = new Ajv2020({ strict: false }).compile<Written>({
  type: 'object',
  additionalProperties: false,
  required: ['chain_id', 'task_id', 'task_type', 'task_params'],
  properties: {
    chain_id: id,
    task_id: id,
    task_type: { enum: SITE_TYPES },
    purpose: { type: 'string', minLength: 1, maxLength: 200 },
    task_params: { type: 'object' },
  },
});

/** The artifacts that a value names, in full. */
function artifactsIn(value: unknown): readonly ReadArtifact[] {
  if (typeof value === 'string') {
    const [, maker, path] = /^artifact:([^/]+\/[^/]+)\/(.+)$/s.exec(value) ?? [];
    return path === undefined ? [] : [{ maker: maker!, path }];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(artifactsIn) : [];
}

/** Reads a task file. Throws Refusal for what no site would run. */
export async function readTask(path: string): Promise<SharedTask> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(`${path} cannot be read (${error.code ?? 'unknown'}).`);
  });
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    throw new Refusal(`${path} is no JSON.`);
  }
  if (isAtSites((written as Partial<Written> | null)?.task_params))
    throw new Refusal(`${path}: leave out sf_init_config.address: each site knows the addresses of the others.`);
  return sharedTask(written, path, true);
}

/** Reads a task that the control plane offers. Throws Refusal for what no site would run. */
export function offeredTask(written: unknown): SharedTask {
  const task = sharedTask(written, 'the task');
  if (!isAtSites(task.params)) throw new Refusal('the task: sf_init_config.address is not "node".');
  return task;
}

function sharedTask(written: unknown, path: string, mayServe = false): SharedTask {
  if (!isWritten(written)) {
    const [fault] = isWritten.errors ?? [];
    const types = fault?.keyword === 'enum' ? `: ${SITE_TYPES.join(', ')}` : '';
    throw new Refusal(`${path}: ${fault?.instancePath || '/'} ${fault?.message ?? 'is wrong'}${types}.`);
  }
  const { chain_id, task_id, task_type, purpose, task_params: params } = written;
  if (JSON.stringify(params).includes('${')) throw new Refusal(`${path}: a task of sites takes no references.`);
  const artifacts = artifactsIn(params);
  // No chain hands one down to a task of sites.
  if (artifacts.some(({ maker }) => !maker.startsWith(`${chain_id}/`)))
    throw new Refusal(`${path}: a task of sites reads no artifact of another chain than its own, ${chain_id}.`);
  if (params.sf_init_config?.address !== undefined && !isAtSites(params))
    throw new Refusal(`${path}: leave out sf_init_config.address: each site knows the addresses of the others.`);
  if (!sitesRunOn(task_type, params.engine))
    throw new Refusal(`${path}: /task_params/engine: sites run ${task_type} on the engine native. Leave engine out.`);
  const [fault] = checkTaskParams(task_type, params, mayServe);
  if (fault) throw new Refusal(`${path}: /task_params${fault.pointer} ${fault.message}.`);
  // No site knows who has written the file. What made that which it reads, each site finds in its own records.
  const proposer = null;
  const from = {};
  const statement = { chain_id, task_id, task_type, proposer, purpose, params: params as unknown as ConsentJson, from };
  return {
    statement,
    params,
    type: findTaskType(task_type)!,
    hash: hashOf(statement),
    parties: [...partiesOf(params)].sort(),
    dealer: dealerOf(params),
    // The outputs of the task itself are named in full as well.
    reads: artifacts.filter(({ maker }) => maker !== `${chain_id}/${task_id}`),
  };
}

/** Whether a task opens rows one by one, as its receiver asks for them. */
export const isServing = ({ params }: Pick<SharedTask, 'params'>): boolean => params.task_config['serve'] !== undefined;

/** What made the artifacts that a task names: each once. */
export const makersOf = ({ reads }: Pick<SharedTask, 'reads'>): readonly string[] => [
  ...new Set(reads.map(({ maker }) => maker)),
];

/** `sha256:<hex>` of a task in its canonical form. */
export const hashOf = (statement: TaskStatement): string =>
  `sha256:${createHash('sha256').update(canonicalTask(statement)).digest('hex')}`;

/** What leaves each party of a task, by its engine and its protocol. */
export const leavesOf = ({ type, params }: Pick<SharedTask, 'type' | 'params'>): string =>
  findRunner(type.type, params.engine)?.leaves(type.type, params.task_config) ?? type.leaves;

/** What a task does, for a person to read. */
export function wordsOf(task: SharedTask): string {
  const { type, parties, dealer, params, statement } = task;
  return [
    `${type.title} (${type.type}) of ${plain(parties.join(', '))}${dealer === undefined ? '' : ', with the dealer ' + plain(dealer)}`,
    `What leaves each party: ${leavesOf(task)}`,
    ...(statement.purpose === undefined
      ? []
      : [`Purpose, as the task states it: ${plain(JSON.stringify(statement.purpose))}`]),
    JSON.stringify(params, null, 2),
    '',
  ].join('\n');
}

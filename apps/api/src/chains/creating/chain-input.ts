import {
  DEFAULT_RETRY_POLICY,
  FaultList,
  type InputFault,
  isControlType,
  isObject,
  pointer,
  readDependencies,
  type RetryPolicy,
  settingsOf,
  type TaskNode,
  type TriggerRule,
} from '#libs/chain-domain';
import type { Concurrency } from '#libs/chain-engine';
import { type GraphFault, MAX_TASKS, type Plan, plan } from '#libs/dag-planner';
import {
  type ChainBody,
  type CompensationBody,
  type PriorityBody,
  type RetryPolicyBody,
  type TaskBody,
} from './chain-body.js';
import type { ChainInput, ChainOptions, ChainReading, TaskInput } from './chain-reading.js';
import { addConditionFaults, conditionsOf, type ReadConditions } from './condition-faults.js';
import { expandBody, outputsOf } from './expand-body.js';
import { expandForEach } from './expand-for-each.js';
import { type CompensateWith, Compensations } from './read-compensations.js';
import { expandBranches } from './expand-branches.js';
import { withEngines } from './with-engines.js';
import { PRIORITY_WORDS } from './create-chain.schema.js';
import type { TaskCatalogue } from '../../catalogue/catalogue.js';
import { addParamsFaults } from './params-faults.js';
import { addChainSchemaFaults } from './chain-schema-faults.js';
import { addTriggerFaults } from './trigger-faults.js';
import { addControlFaults } from './control-faults.js';
import { Children, OUTERMOST, type ReadingContext } from './read-children.js';

const DEFAULT_TIMEOUT_SECONDS = 7200;
const DEFAULT_APPROVAL_TIMEOUT_SECONDS = 7 * 86_400;

/**
 * Reads the body of `POST /chains`: a chain, or all that is wrong with it (the first 100 faults and a count). Schema
 * first, then the graph, trigger rules, task types with their parameters and references, and conditions; a fault in one
 * task does not hide those of another. Expects what `parseStrictJson` gives. Never throws.
 */
export function readChain(body: unknown, catalogue: TaskCatalogue, context = OUTERMOST): ChainReading {
  const faults = new FaultList();
  addChainSchemaFaults(body, faults);
  const sent: unknown = isObject(body) ? body['tasks'] : undefined;
  if (faults.full || !isObject(body) || !Array.isArray(sent) || sent.length > MAX_TASKS) {
    return { ok: false, faults: faults.toArray(), secrets: [] };
  }
  const inner = new Children(sent, context);
  const expanded = expandBody(body, inner.tasks, faults, context.open);
  const branched = expandBranches(expanded.tasks, faults);
  const listed = expandForEach(branched.tasks, faults);
  const tasks = withEngines(listed.tasks, catalogue);
  const nodes = readDependencies(tasks);
  const planned = plan(nodes);
  if (!planned.ok) addGraphFaults(planned.faults, nodes, faults);
  addTriggerFaults(tasks, nodes, faults);
  addConcurrencyFaults(body, tasks, faults);
  addControlFaults(tasks, faults);
  const known = planned.ok ? planned.plan : undefined;
  const compensations = new Compensations(tasks);
  const placed = <Place extends { readonly pointer?: string }>(each: Place): Place =>
    each.pointer === undefined
      ? each
      : { ...each, pointer: expanded.placeOf(branched.placeOf(listed.placeOf(compensations.placeOf(each.pointer)))) };
  const uses = [...addParamsFaults(tasks, catalogue, known, faults), ...compensations.addFaults(catalogue, faults)];
  const readChild = (child: object, more: ReadingContext): ChainReading => readChain(child, catalogue, more);
  const { children, secrets: inside, treeSize, childTasks } = inner.read(body, tasks, listed, faults, readChild);
  const secrets = [...uses, ...inside].map(placed);
  if (known !== undefined) branched.addFaults(known, faults, listed.positionOf);
  const outputs = outputsOf(expanded.body, new Map(nodes.map(({ id }, i) => [id, i])), faults);
  const conditions = addConditionFaults(tasks, nodes, known, faults);
  if (!faults.empty || !planned.ok) return { ok: false, faults: distinct(faults.toArray().map(placed)), secrets };
  const chain = chainOf({ ...expanded.body, tasks } as unknown as ChainBody, nodes, planned.plan, conditions);
  const config = { ...expanded.body, tasks: inner.written(branched.tasks) };
  return { ok: true, chain: { ...chain, outputs, config, children, treeSize, childTasks }, secrets };
}

/** Instances of one task have the same faults at the same place. */
function distinct(faults: readonly InputFault[]): readonly InputFault[] {
  const known = new Set<string>();
  return faults.filter(({ code, pointer: place, message }) => {
    const key = JSON.stringify([code, place, message.replace(/\[[^\]]*\]/, '')]);
    return !known.has(key) && known.add(key);
  });
}

function addGraphFaults(graphFaults: readonly GraphFault[], nodes: readonly TaskNode[], faults: FaultList): void {
  for (const { code, nodeIndex, dependencyIndex, message } of graphFaults) {
    // The schema reports an empty list.
    if (nodeIndex === undefined) continue;
    const place = dependencyIndex === undefined ? ['task_id'] : nodes[nodeIndex]!.dependencies[dependencyIndex]!.place;
    faults.add({ code, pointer: pointer('tasks', nodeIndex, ...place), message });
  }
}

function chainOf(
  body: ChainBody,
  nodes: readonly TaskNode[],
  planned: Plan,
  read: ReadConditions,
): Omit<ChainInput, 'outputs' | 'config' | 'children' | 'treeSize' | 'childTasks'> {
  const { retry_policy, timeout, queue_timeout, priority, stop_on_error, max_parallel, ...more } = body.options ?? {};
  const options: ChainOptions = {
    retryPolicy: retryPolicyOf(retry_policy),
    timeoutSeconds: timeout ?? DEFAULT_TIMEOUT_SECONDS,
    approvalTimeoutSeconds: more.approval_timeout ?? DEFAULT_APPROVAL_TIMEOUT_SECONDS,
    priority: priorityOf(priority ?? 'normal'),
    stopOnError: stop_on_error ?? true,
    maxParallel: max_parallel ?? null,
    concurrency: concurrencyOf(more),
  };
  const taskOf = (task: TaskBody, position: number): TaskInput => ({
    position,
    taskId: task.task_id,
    taskName: task.task_name ?? task.task_id,
    taskType: task.task_type,
    executionMode: task.execution_mode ?? 'sequential',
    dependsOn: nodes[position]!.dependencies.map(({ place: _place, ...dependency }) => dependency),
    isCallback: task.is_callback ?? task.callback_for !== undefined,
    params: task.task_params,
    retryPolicy: task.retry_policy ? retryPolicyOf({ ...retry_policy, ...task.retry_policy }) : options.retryPolicy,
    timeoutSeconds: task.timeout ?? null,
    priority: task.priority === undefined ? options.priority : priorityOf(task.priority),
    triggerRule: (task.trigger_rule ?? 'all_success') as TriggerRule,
    ...settingsOf(task),
    concurrency: concurrencyOf(task),
    // No worker takes a control task.
    queueTimeoutSeconds: isControlType(task.task_type) ? null : (task.queue_timeout ?? queue_timeout ?? null),
    ...conditionsOf(task, nodes[position]!, read),
    ...(task.compensate_with && { compensateWith: compensateWithOf(task, task.compensate_with, retry_policy) }),
  });
  return {
    chainName: body.chain_name,
    description: body.description ?? null,
    tasks: body.tasks.map(taskOf),
    options,
    metadata: body.metadata ?? {},
    labels: body.labels ?? {},
    execute: body.execute ?? false,
    plan: planned,
  };
}

/** A failure of it waits for an operator: nobody else can put right what is half undone. */
function compensateWithOf(task: TaskBody, how: CompensationBody, ofChain: RetryPolicyBody | undefined): CompensateWith {
  return {
    taskName: how.task_name ?? task.task_name ?? task.task_id,
    taskType: how.task_type,
    params: how.task_params,
    retryPolicy: { ...retryPolicyOf({ ...ofChain, ...task.retry_policy, ...how.retry_policy }), onExhausted: 'pause' },
    timeoutSeconds: how.timeout ?? null,
  };
}

function concurrencyOf(
  body: Pick<TaskBody, 'concurrency_key' | 'concurrency_limit' | 'concurrency_in_chain'>,
): Concurrency | null {
  const { concurrency_key: key, concurrency_limit: limit = 1, concurrency_in_chain: inChain = false } = body;
  return key === undefined ? null : { key, limit, ...(inChain && { inChain }) };
}

/** A chain with a concurrency key schedules its tasks: a key of a task would be a second queue inside the first. */
function addConcurrencyFaults(
  body: Readonly<Record<string, unknown>>,
  tasks: readonly unknown[],
  faults: FaultList,
): void {
  if (!isObject(body['options']) || body['options']['concurrency_key'] === undefined) return;
  for (const [i, task] of tasks.entries()) {
    if (!isObject(task) || task['concurrency_key'] === undefined) continue;
    const message = 'The chain has a concurrency_key in its options: its tasks cannot have their own.';
    faults.add({ code: 'CONCURRENCY_TWICE', pointer: pointer('tasks', i, 'concurrency_key'), message });
  }
}

/** The number of a priority. */
export const priorityOf = (priority: PriorityBody): number =>
  typeof priority === 'number' ? priority : PRIORITY_WORDS[priority];

function retryPolicyOf(policy: RetryPolicyBody = {}): RetryPolicy {
  const delayMs = policy.delay_ms ?? DEFAULT_RETRY_POLICY.delayMs;
  return {
    maxRetries: policy.max_retries ?? DEFAULT_RETRY_POLICY.maxRetries,
    retryOnFailure: policy.retry_on_failure ?? DEFAULT_RETRY_POLICY.retryOnFailure,
    backoff: policy.backoff ?? DEFAULT_RETRY_POLICY.backoff,
    delayMs,
    // A default must not shorten a requested delay.
    maxDelayMs: policy.max_delay_ms ?? Math.max(DEFAULT_RETRY_POLICY.maxDelayMs, delayMs),
    jitter: policy.jitter ?? DEFAULT_RETRY_POLICY.jitter,
    ...(policy.retry_on && { retryOn: policy.retry_on }),
    ...(policy.never_retry_on && { neverRetryOn: policy.never_retry_on }),
    ...(policy.budget_seconds !== undefined && { budgetMs: policy.budget_seconds * 1000 }),
    ...(policy.on_exhausted && { onExhausted: policy.on_exhausted }),
  };
}

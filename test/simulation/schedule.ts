import type { Action } from './actions.js';
import type { ChainCommand } from '#libs/chain-domain';
import { isChainTerminal } from '#libs/chain-domain';
import type { Bug } from './bugs.js';
import { Random } from './random.js';
import { scenarioOf, type Scenario, type ScenarioOptions } from './scenario.js';
import type { Connections } from './rows.js';
import { Violation } from './standing.js';
import { weightOf } from './weights.js';
import { World } from './world.js';

export interface Outcome {
  readonly seed: number;
  readonly violation: Violation | null;
  readonly actions: readonly Action[];
  readonly commits: number;
  readonly world: World;
}

const NO_BUGS: ReadonlySet<Bug> = new Set();
/** Rounds after the faults have ceased: all leases, locks and backoffs run out well before. */
const QUIET_ROUNDS = 100;
/** At rest nothing but time moves most chains on: so much of it goes by in a round, ms. */
const QUIET_TICK = 3_000;
const SMOOTH_TICK = 1_000;
/** Loops that look for what timers and losses have left, every few rounds. */
const SELDOM = new Set(['timeouts', 'webhooks', 'restore', 'capacity']);
const SELDOM_ROUNDS = 3;
/** Longer than a row is hidden that a listener took and did not finish with, ms. */
const HIDDEN_MS = 30_000;
const MOST_STEPS = 500;
const LATE_MS = 3_600_000;
/** Advances time by this many ms: without faults no lease expires. */
const SMOOTH_TICKS = [50, 200];
const ROUGH_TICKS = [50, 200, 200, 1_000, 1_000, 1_000, 3_000, 3_000, 11_000, 16_000];

/** Runs the schedule of a seed: random steps and faults, then fair steps until all is at rest. */
export function simulate(
  connections: Connections,
  seed: number,
  bugs = NO_BUGS,
  options: ScenarioOptions = {},
): Promise<Outcome> {
  const scenario = scenarioOf(seed, options);
  const random = new Random(seed + 0x5eed);
  const actions: Action[] = [];
  return run(connections, scenario, bugs, actions, async (world) => {
    for (let i = 0; i < scenario.steps; i++) {
      const action = nextAction(world, random);
      actions.push(action);
      await world.apply(action);
    }
  });
}

/** Runs given actions from a seed's scenario: those whose object is gone do nothing. */
export function replay(
  connections: Connections,
  scenario: Scenario,
  actions: readonly Action[],
  bugs = NO_BUGS,
  each: (action: Action, world: World) => void = () => undefined,
): Promise<Outcome> {
  return run(connections, scenario, bugs, actions, async (world) => {
    for (const action of actions) {
      each(action, world);
      await world.apply(action);
    }
  });
}

async function run(
  connections: Connections,
  scenario: Scenario,
  bugs: ReadonlySet<Bug>,
  actions: readonly Action[],
  act: (world: World) => Promise<void>,
): Promise<Outcome> {
  const world = await World.begin(connections, scenario, bugs);
  let violation: Violation | null = null;
  try {
    await act(world);
    await comeToRest(world);
  } catch (error) {
    violation = error instanceof Violation ? error : new Violation('fault', String((error as Error).stack));
  } finally {
    await world.end();
  }
  return { seed: scenario.seed, violation, actions, commits: world.invariants.commits, world };
}

function nextAction(world: World, random: Random): Action {
  const { scenario } = world;
  const dice = random.next();
  if (scenario.operators && dice < 0.02) {
    const id = random.pick([...world.rows.chains.keys()]);
    const command = randomCommand(world, id, random);
    if (!world.wouldRefuse(id, command) || random.chance(0.1)) return { kind: 'command', chainId: id, command };
  }
  if (scenario.signals.length > 0 && random.chance(0.04)) return randomSignal(world, random);
  if (scenario.faults && dice > 0.95) return randomFault(world, random);
  const useful = world.useful();
  let place = random.next() * useful.reduce((sum, { weight }) => sum + weight, 0);
  const chosen = useful.find(({ weight }) => (place -= weight) < 0);
  if (chosen === undefined || random.chance(0.06)) {
    return { kind: 'tick', ms: random.pick(scenario.faults ? ROUGH_TICKS : SMOOTH_TICKS) };
  }
  const { process, what } = chosen;
  return { kind: 'step', process, what, n: random.int(1 << 20) };
}

function randomFault(world: World, random: Random): Action {
  const names = [...world.members.keys()];
  const workers = names.filter((name) => name.startsWith('worker'));
  const process = random.pick(random.chance(0.4) ? workers : names);
  const n = random.int(1 << 16);
  const cut = random.pick(['before', 'after'] as const);
  switch (random.int(15)) {
    case 0:
    case 1:
    case 2:
      return { kind: 'kill', process, n, cut };
    case 3:
    case 4:
      return { kind: 'lose-connection', process, n, cut };
    case 5:
      return { kind: 'stop', process };
    case 6:
    case 7:
      return { kind: 'continue', process };
    case 8:
      return random.chance(0.3) ? { kind: 'flush', withChannel: random.chance(0.5) } : { kind: 'lose-job', n };
    case 9:
      return { kind: 'lose-message', n };
    case 10:
    case 11:
      return { kind: 'double-message', n };
    case 12:
      return { kind: 'restore-queue' };
    default:
      return { kind: 'delay-message', n, ms: random.int(20_000) };
  }
}

function randomSignal(world: World, random: Random): Action {
  const key = random.pick(world.scenario.signals);
  return { kind: 'signal', id: world.nextSignal(), key, seconds: random.pick([5, 600]) };
}

const asksSomebody = (world: World, chainId: string): boolean =>
  world.rows.chains.get(chainId)!.tasks.some(({ taskType }) => taskType === 'sign_off');

/** Mostly to what a task asks now, sometimes to what it asked before. */
function randomAnswer(world: World, chainId: string, random: Random): ChainCommand {
  const { tasks } = world.rows.chains.get(chainId)!;
  const asking = tasks.filter(({ hold }) => hold === 'SIGN_OFF');
  const { position, attempt } = random.pick(asking.length > 0 ? asking : tasks);
  const decision = random.pick(['approve', 'approve', 'reject'] as const);
  return { kind: 'AnswerSignOff', position, asked: attempt - (random.chance(0.2) ? 1 : 0), decision, words: 'no' };
}

function randomCommand(world: World, chainId: string, random: Random): ChainCommand {
  const { chain } = world.rows.chains.get(chainId)!;
  const size = chain.totalTasks;
  const position = random.int(size);
  // A chain that has ended is taken up again more often than not, so that schedules go on.
  if (isChainTerminal(chain.status) || random.chance(0.2)) {
    if (random.chance(0.4)) return { kind: 'RetryChain', includeDownstream: true };
    const from = Array.from({ length: 1 + random.int(2) }, () => random.int(size));
    return { kind: 'RetryChain', from: [...new Set(from)], includeDownstream: random.chance(0.6) };
  }
  if (asksSomebody(world, chainId) && random.chance(0.4)) return randomAnswer(world, chainId, random);
  if (random.chance(0.2)) {
    const decision = random.pick(['approve', 'approve', 'refuse', 'withdraw'] as const);
    return { kind: 'DecideApproval', position, decision, words: 'decided' };
  }
  switch (random.int(12)) {
    case 0:
      return { kind: 'CancelChain' };
    case 1:
    case 2:
    case 3:
      return { kind: 'PauseChain' };
    case 4:
    case 5:
    case 6:
      return { kind: 'ResumeChain' };
    case 7:
    case 8:
      return { kind: 'SkipTask', position };
    case 9:
    case 10:
      return { kind: 'ResolveTask', position };
    default:
      return { kind: 'SetPriority', priority: 1 + random.int(10), ...(random.chance(0.5) ? { position } : {}) };
  }
}

/**
 * The faults stop and time continues, with one listener: every chain must end, but for one that an operator must resume,
 * which is done.
 */
async function comeToRest(world: World): Promise<void> {
  world.quiet = true;
  const random = new Random(world.scenario.seed + 0xca1);
  for (const member of world.members.values()) if (member.process.stopped) world.setStopped(member, false);
  for (let i = 1; i < world.scenario.listeners; i++) await world.remove(`listener${i}`, random.int(1 << 16), 'after');
  for (let resumed = 0; ; resumed++) {
    const unmoved = await untilRest(world, random);
    if (unmoved !== null) throw new Violation('stuck', unmoved);
    const paused = [...world.rows.chains.keys()].filter((id) => statusOf(world, id) === 'PAUSED');
    if (paused.length === 0) break;
    if (resumed > 8) throw new Violation('stuck', `${paused[0]!} is PAUSED again and again`);
    for (const id of paused) {
      // What fails again and again is skipped, as an operator would.
      if (resumed > 1) await skipExhausted(world, id, random);
      await command(world, id, { kind: 'ResumeChain' }, random);
    }
  }
  await world.apply({ kind: 'tick', ms: HIDDEN_MS });
  for (const loop of ['webhooks', 'stops', 'invariants']) await begin(world, 'listener0', loop, random);
  await world.atRest();
}

async function skipExhausted(world: World, chainId: string, random: Random): Promise<void> {
  for (const { position, hold } of world.rows.chains.get(chainId)!.tasks) {
    if (hold === 'RETRIES_EXHAUSTED') await command(world, chainId, { kind: 'SkipTask', position }, random);
  }
}

/** Gives a command and lets it be carried out. */
async function command(world: World, chainId: string, given: ChainCommand, random: Random): Promise<void> {
  await world.apply({ kind: 'command', chainId, command: given });
  for (const name of world.members.keys()) if (name.startsWith('api')) await settle(world, name, random);
}

/** -> what does not come to rest, or null. */
async function untilRest(world: World, random: Random): Promise<string | null> {
  let open = '';
  for (let i = 0; i < QUIET_ROUNDS; i++) {
    await round(world, i, random);
    open = await unfinished(world, random);
    if (open === '') return null;
  }
  return `long after the faults: ${open}`;
}

/** A while in which every loop makes a round: without faults so short that no lease runs out. */
async function round(world: World, number: number, random: Random): Promise<void> {
  await world.apply({ kind: 'tick', ms: world.scenario.faults ? QUIET_TICK : SMOOTH_TICK });
  const strays = world.rows.strays();
  for (const [name, { process }] of [...world.members]) {
    await settle(world, name, random);
    for (const loop of process.loops.keys()) {
      if (SELDOM.has(loop) ? number % SELDOM_ROUNDS === 0 : loop !== 'invariants')
        await begin(world, name, loop, random);
    }
  }
  const left = world.rows.strays().find((id) => strays.includes(id));
  if (left !== undefined) throw new Violation('I15', `${left} goes on without its parent`);
}

/** A round of a loop, from its beginning to its end. */
async function begin(world: World, process: string, loop: string, random: Random): Promise<void> {
  if (weightOf(world, loop) === 0) return;
  await world.apply({ kind: 'step', process, what: loop, n: random.int(1 << 20) });
  await settle(world, process, random);
}

/** Lets all that waits at a process's gates go on, until nothing does. */
async function settle(world: World, name: string, random: Random): Promise<void> {
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const what = world.members.get(name)?.process.waiting[0];
    if (what === undefined) return;
    await world.apply({ kind: 'step', process: name, what, n: random.int(1 << 20) });
  }
  throw new Violation('stuck', `${name} does not come to an end`);
}

async function unfinished(world: World, random: Random): Promise<string> {
  const open: string[] = [];
  for (const [id, { chain, tasks }] of world.rows.chains) {
    if (chain.status === 'PENDING') await command(world, id, { kind: 'ExecuteChain' }, random);
    if (isChainTerminal(chain.status) || waitsForOperator(world, id)) continue;
    await answerLate(world, id, random);
    if (tasks.some(({ hold }) => hold === 'SIGNAL')) for (const key of world.scenario.signals) await signal(world, key);
    const states = tasks.map(({ taskId, status, hold }) => `${taskId} ${status}${hold === null ? '' : ` (${hold})`}`);
    open.push(`${id} is ${chain.status}: ${states.join(', ')}`);
  }
  if (open.length === 0 && world.queue.size > 0) open.push(`${world.queue.size} jobs lie in the queue`);
  if (open.length === 0 && world.channel.backlog('done', Infinity) > 0) open.push('reports lie in the channel');
  return open.join('; ');
}

/** Whether an operator must resume the chain, or one that its task runs. */
function waitsForOperator(world: World, id: string): boolean {
  const { chain, tasks } = world.rows.chains.get(id)!;
  if (tasks.some(({ status }) => status === 'QUEUED' || status === 'RUNNING')) return false;
  if (chain.status === 'PAUSED') return true;
  const own = world.rows.children.filter((child) => child.parent_chain_id === id);
  return tasks.some(({ position, attempt, hold }) => {
    const child = own.find((each) => each.parent_position === position && each.parent_attempt === attempt);
    return hold === 'CHILD' && child !== undefined && waitsForOperator(world, child.chain_id);
  });
}

/** Where all is quiet somebody answers what would wait for days. */
async function answerLate(world: World, chainId: string, random: Random): Promise<void> {
  for (const { position, hold, attempt, nextAttemptAt } of world.rows.chains.get(chainId)!.tasks) {
    if (hold !== 'SIGN_OFF' || nextAttemptAt! < world.clock.now + LATE_MS) continue;
    const answer = { kind: 'AnswerSignOff', position, asked: attempt, decision: 'approve', words: '' } as const;
    await command(world, chainId, answer, random);
  }
}

/** Where all is quiet a signal that is waited for comes. */
async function signal(world: World, key: string): Promise<void> {
  await world.apply({ kind: 'signal', id: world.nextSignal(), key, seconds: 600 });
}

function statusOf(world: World, chainId: string): string {
  return world.rows.chains.get(chainId)!.chain.status;
}

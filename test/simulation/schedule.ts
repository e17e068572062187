import type { ChainCommand } from '#libs/chain-domain';
import { isChainTerminal } from '#libs/chain-domain';
import type { Bug } from './bugs.js';
import { Violation } from './invariants.js';
import { Random } from './random.js';
import { scenarioOf, type Scenario, type ScenarioOptions } from './scenario.js';
import { World, type Action } from './world.js';

export interface Outcome {
  readonly seed: number;
  readonly violation: Violation | null;
  readonly actions: readonly Action[];
  readonly commits: number;
  readonly world: World;
}

const NO_BUGS: ReadonlySet<Bug> = new Set();
/** Rounds after the faults have ceased, each of one second: all leases, locks and backoffs run out well before. */
const QUIET_ROUNDS = 240;
/** Advances time by this many ms: without faults no lease expires. */
const SMOOTH_TICKS = [50, 200];
const ROUGH_TICKS = [50, 200, 1_000, 1_000, 3_000, 11_000, 16_000];

/** Runs the schedule of a seed: random steps and faults, then fair steps until all is at rest. */
export function simulate(seed: number, bugs = NO_BUGS, options: ScenarioOptions = {}): Outcome {
  const scenario = scenarioOf(seed, options);
  const random = new Random(seed + 0x5eed);
  const actions: Action[] = [];
  return run(scenario, bugs, actions, (world) => {
    for (let i = 0; i < scenario.steps; i++) {
      const action = nextAction(world, random);
      actions.push(action);
      world.apply(action);
    }
  });
}

/** Runs given actions from a seed's scenario: those whose object is gone do nothing. */
export function replay(scenario: Scenario, actions: readonly Action[], bugs = NO_BUGS): Outcome {
  return run(scenario, bugs, actions, (world) => {
    for (const action of actions) world.apply(action);
  });
}

function run(
  scenario: Scenario,
  bugs: ReadonlySet<Bug>,
  actions: readonly Action[],
  act: (world: World) => void,
): Outcome {
  const world = new World(scenario, bugs);
  let violation: Violation | null = null;
  try {
    act(world);
    comeToRest(world);
  } catch (error) {
    violation = error instanceof Violation ? error : new Violation('fault', String((error as Error).stack));
  }
  return { seed: scenario.seed, violation, actions, commits: world.invariants.commits, world };
}

function nextAction(world: World, random: Random): Action {
  const { scenario } = world;
  const dice = random.next();
  if (scenario.operators && dice < 0.025) {
    const { id } = random.pick(scenario.chains);
    const command = randomCommand(world, id, random);
    if (!world.wouldRefuse(id, command) || random.chance(0.1)) return { kind: 'command', chainId: id, command };
  }
  if (scenario.faults && dice > 0.9) return randomFault(world, random);
  const useful = world.useful();
  if (useful.length === 0 || random.chance(0.08)) {
    return { kind: 'tick', ms: random.pick(scenario.faults ? ROUGH_TICKS : SMOOTH_TICKS) };
  }
  return { kind: 'step', machine: random.pick(useful), n: random.int(1 << 20) };
}

function randomFault(world: World, random: Random): Action {
  const process = random.pick([...world.processes.keys()]);
  const n = random.int(1 << 16);
  switch (random.int(12)) {
    case 0:
    case 1:
    case 2:
      return { kind: 'kill', process };
    case 3:
      return { kind: 'stop', process };
    case 4:
    case 5:
      return { kind: 'continue', process };
    case 6:
      return random.chance(0.3) ? { kind: 'flush', withChannel: random.chance(0.5) } : { kind: 'lose-job', n };
    case 7:
      return { kind: 'lose-message', n };
    case 8:
    case 9:
      return { kind: 'double-message', n };
    default:
      return { kind: 'delay-message', n, ms: random.int(20_000) };
  }
}

function randomCommand(world: World, chainId: string, random: Random): ChainCommand {
  const { chain } = world.database.loadChains([chainId])[0]!;
  const size = chain.totalTasks;
  const position = random.int(size);
  // A chain that has ended is taken up again more often than not, so that schedules go on.
  if (isChainTerminal(chain.status) || random.chance(0.2)) {
    if (random.chance(0.4)) return { kind: 'RetryChain', includeDownstream: true };
    const from = Array.from({ length: 1 + random.int(2) }, () => random.int(size));
    return { kind: 'RetryChain', from: [...new Set(from)], includeDownstream: random.chance(0.6) };
  }
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

/** The faults stop and time continues: every chain must end, but for one that an operator must resume, which is done. */
function comeToRest(world: World): void {
  world.quiet = true;
  const random = new Random(world.scenario.seed + 0xca1);
  for (const process of world.processes.values()) world.setStopped(process, false);
  for (let resumed = 0; ; resumed++) {
    const unmoved = untilRest(world, random);
    if (unmoved !== null) throw new Violation('stuck', unmoved);
    const paused = world.scenario.chains.filter(({ id }) => statusOf(world, id) === 'PAUSED');
    if (paused.length === 0) break;
    if (resumed > 8) throw new Violation('stuck', `${paused[0]!.id} is PAUSED again and again`);
    for (const { id } of paused) {
      // What fails again and again is skipped, as an operator would.
      if (resumed > 1) skipExhausted(world, id, random);
      command(world, id, { kind: 'ResumeChain' }, random);
    }
  }
  for (const { id } of world.scenario.chains) {
    const { chain, rows } = world.database.chains.get(id)!;
    world.invariants.resultsStand(id, { chain, tasks: rows.map((r) => r.task), results: rows.map((r) => r.result) });
  }
}

function skipExhausted(world: World, chainId: string, random: Random): void {
  for (const { task } of world.database.chains.get(chainId)!.rows) {
    if (task.hold === 'RETRIES_EXHAUSTED')
      command(world, chainId, { kind: 'SkipTask', position: task.position }, random);
  }
}

/** Gives a command and lets it be carried out. */
function command(world: World, chainId: string, given: ChainCommand, random: Random): void {
  world.apply({ kind: 'command', chainId, command: given });
  while ([...world.processes.keys()].some((name) => name.startsWith('api'))) round(world, random);
}

/** -> what does not come to rest, or null. */
function untilRest(world: World, random: Random): string | null {
  let open = '';
  for (let i = 0; i < QUIET_ROUNDS; i++) {
    round(world, random);
    open = unfinished(world);
    if (open === '') return null;
  }
  return `${QUIET_ROUNDS} s after the faults: ${open}`;
}

/** A while in which every machine takes some steps: without faults so short that no lease runs out. */
function round(world: World, random: Random): void {
  world.apply({ kind: 'tick', ms: world.scenario.faults ? 1_000 : SMOOTH_TICKS[1]! });
  for (const [name, process] of [...world.processes]) {
    for (const loop of [...process.machines.keys()]) {
      const machine = `${name}.${loop}`;
      for (let steps = 0; steps < 8 && (steps === 0 || !isIdle(world.nextOf(machine))); steps++) {
        world.apply({ kind: 'step', machine, n: random.int(1 << 20) });
      }
    }
  }
}

function isIdle(next: string | undefined): boolean {
  return next === undefined || /^(receive|take a job|take stop|look at the queue|send a heartbeat)/.test(next);
}

function unfinished(world: World): string {
  const open: string[] = [];
  for (const { id } of world.scenario.chains) {
    const { chain, rows } = world.database.chains.get(id)!;
    if (chain.status === 'PENDING') world.apply({ kind: 'command', chainId: id, command: { kind: 'ExecuteChain' } });
    const inFlight = rows.some(({ task }) => task.status === 'QUEUED' || task.status === 'RUNNING');
    if (isChainTerminal(chain.status) || (chain.status === 'PAUSED' && !inFlight)) continue;
    const tasks = rows.map(({ task }) => `${task.taskId} ${task.status}${task.hold === null ? '' : ` (${task.hold})`}`);
    open.push(`${id} is ${chain.status}: ${tasks.join(', ')}`);
  }
  if (open.length === 0 && world.queue.size > 0) open.push(`${world.queue.size} jobs lie in the queue`);
  if (open.length === 0 && world.channel.backlog('done', Infinity) > 0) open.push('reports lie in the channel');
  return open.join('; ');
}

function statusOf(world: World, chainId: string): string {
  return world.database.chains.get(chainId)!.chain.status;
}

import type { Process } from './process.js';
import type { Scenario } from './scenario.js';
import { runsChain, type Snapshot } from './standing.js';
import type { ModelChannel, ModelQueue } from './transport.js';

/** What a world has for its loops to do. */
interface Todo {
  readonly clock: { readonly now: number };
  readonly channel: ModelChannel;
  readonly queue: ModelQueue;
  readonly isQueueForeign: boolean;
  readonly scenario: Pick<Scenario, 'signals'>;
  readonly rows: { readonly chains: ReadonlyMap<string, Snapshot> };
  readonly members: ReadonlyMap<string, { readonly process: Process }>;
}

/** Of what waits at a gate, and of a loop that has something to do. */
export const LIKELY = 6;

/** How likely a round of the loop begins: mostly where it has something to do; 0 where it must not. */
export function weightOf(world: Todo, loop: string): number {
  const { now } = world.clock;
  const unread = (lane: 'done' | 'notes' | 'beats') => (world.channel.backlog(lane, now) > 0 ? LIKELY : 0);
  const tasks = [...world.rows.chains.values()].flatMap((chain) => chain.tasks);
  switch (loop) {
    case 'command':
      return 0;
    case 'reports':
      return unread('done');
    case 'notes':
      return unread('notes');
    case 'heartbeats':
      return unread('beats');
    case 'dispatch':
      return tasks.some(({ hold, status }) => hold === null && (status === 'READY' || status === 'RETRYING')) ? 2 : 0.2;
    case 'children':
      return [...world.rows.chains.values()].some((chain) =>
        chain.tasks.some((_, position) => runsChain(chain, position)),
      )
        ? 1
        : 0;
    case 'leases': {
      const rows = [...world.rows.chains.values()].flatMap((chain) => chain.rows);
      return rows.some(({ lease_ms: until }) => until !== null && until < now) ? 2 : 0.2;
    }
    case 'restore': {
      // One listener at a time puts a restored queue right: the others wait for another time.
      const free = ({ process }: { readonly process: Process }): boolean =>
        !process.loops.has(loop) || process.idle.includes(loop);
      return [...world.members.values()].every(free) ? (world.isQueueForeign ? 2 : 0.1) : 0;
    }
    case 'signals': {
      const waits = tasks.some(({ hold }) => hold === 'SIGNAL');
      return world.scenario.signals.length === 0 ? 0 : waits ? 2 : 0.2;
    }
    case 'beat':
    case 'capacity':
    case 'timeouts':
      return 0.5;
    default:
      return loop.startsWith('slot') ? (world.queue.waiting > 0 ? LIKELY : 0) : 0.1;
  }
}

import { join } from 'node:path';
import { installCelery } from './celery-packages.js';
import type { Contender } from './contender.js';
import { ours, type NodeOptionsOf } from './ours.js';
import { DRIVERS, installPackages, nodeFor, withNewerNode, type Packages } from './peer-packages.js';
import { startPeer, type DriverCommand } from './peer-process.js';
import { isTree, type Workload } from './workloads.js';

interface Peer extends Omit<Contender, 'start' | 'missing'> {
  /** Brings what it needs onto this machine; the command that runs its driver. Rejects where that can't be. */
  readonly install: () => Promise<DriverCommand>;
}

function peer({ install, ...rest }: Peer): Contender {
  let command: DriverCommand | undefined;
  return {
    ...rest,
    missing: async () => {
      try {
        command = await install();
        return false;
      } catch (error) {
        return `it could not be installed: ${(error as { stderr?: string }).stderr?.trim() || (error as Error).message}`;
      }
    },
    start: (services) => startPeer(rest.name, command!, services),
  };
}

/** A driver that needs no more than this product does. */
const here =
  (...args: string[]) =>
  async (): Promise<DriverCommand> => ({ program: process.execPath, args, cwd: DRIVERS });

/** A driver whose packages are installed first, in a folder of that name. */
const npm =
  (name: string, packages: () => Packages, ...args: string[]) =>
  async (): Promise<DriverCommand> => {
    const cwd = await installPackages(name, packages());
    return { program: nodeFor(cwd), args, cwd };
  };

const celery =
  (...args: string[]) =>
  async (): Promise<DriverCommand> => {
    const { cwd, env, python } = await installCelery();
    return { program: python, args: [join(cwd, 'celery_driver.py'), ...args], cwd, env };
  };

const trees = ({ chains }: Workload): boolean => chains.every(isTree);
/** All but the load that is there to compare ours with itself: the slow ones would take minutes. */
const butLargest = ({ id }: Workload): boolean => id !== 'W4x5';
/** What a queue without orchestration can say something about: its speed. */
const speed = ({ id, unit }: Workload): boolean => unit !== 'ms' && id !== 'W4x5';

const GRAPHILE = (): Packages => withNewerNode({ 'graphile-worker': '0.18.0' });
const PG_BOSS = (): Packages => withNewerNode({ 'pg-boss': '12.38.0' });
const DBOS = (): Packages => ({ '@dbos-inc/dbos-sdk': '5.3.0' });
const RESTATE = (): Packages =>
  withNewerNode({ '@restatedev/restate-sdk': '1.17.2', '@restatedev/restate-server': '1.7.12' });

const BARE = 'the queue, nothing of the graph';

/** Everything that can be measured. */
export const contenders = (nodeOptionsOf?: NodeOptionsOf): readonly Contender[] => [
  ours('redis', nodeOptionsOf),
  ours('postgres', nodeOptionsOf),
  peer({
    name: 'bullmq-flow',
    title: 'BullMQ flows',
    durable: 'Redis only',
    supports: trees,
    install: here('bullmq.mjs', 'flow'),
  }),
  peer({
    name: 'restate-steps',
    title: 'Restate, steps in one handler',
    durable: 'its own log',
    supports: butLargest,
    install: npm('restate', RESTATE, 'restate.mjs', 'steps'),
  }),
  peer({
    name: 'restate-calls',
    title: 'Restate, a call a task',
    durable: 'its own log',
    supports: butLargest,
    install: npm('restate', RESTATE, 'restate.mjs', 'calls'),
  }),
  peer({
    name: 'dbos-steps',
    title: 'DBOS, steps in one function',
    durable: 'PostgreSQL',
    supports: butLargest,
    install: npm('dbos', DBOS, 'dbos.mjs', 'steps'),
  }),
  peer({
    name: 'dbos-queue',
    title: 'DBOS, a queued workflow a task',
    durable: 'PostgreSQL',
    supports: butLargest,
    install: npm('dbos', DBOS, 'dbos.mjs', 'queue'),
  }),
  peer({
    name: 'celery-prefork',
    title: 'Celery canvas, prefork',
    durable: 'Redis, for a day',
    supports: butLargest,
    install: celery('prefork', '2'),
  }),
  peer({
    name: 'celery-threads',
    title: 'Celery canvas, threads',
    durable: 'Redis, for a day',
    supports: butLargest,
    install: celery('threads', '50'),
  }),
  peer({
    name: 'bullmq-raw',
    title: 'bare queue: BullMQ on Redis',
    durable: 'nothing of the graph',
    supports: ({ unit }) => unit !== 'ms',
    install: here('bullmq.mjs', 'raw'),
  }),
  peer({
    name: 'bullmq-ping',
    title: 'bare queue: BullMQ, the client adds each task after the last',
    durable: 'nothing of the graph',
    supports: ({ id }) => id === 'W1',
    install: here('bullmq.mjs', 'ping'),
  }),
  peer({
    name: 'graphile',
    title: 'bare queue: graphile-worker',
    durable: BARE,
    supports: speed,
    install: npm('graphile', GRAPHILE, 'graphile.mjs'),
  }),
  peer({
    name: 'graphile-local',
    title: 'bare queue: graphile-worker with its local queue',
    durable: BARE,
    supports: speed,
    install: npm('graphile', GRAPHILE, 'graphile.mjs', 'local'),
  }),
  peer({
    name: 'pg-boss',
    title: 'bare queue: pg-boss',
    durable: BARE,
    supports: speed,
    install: npm('pg-boss', PG_BOSS, 'pg-boss.mjs'),
  }),
];

import type { Contender } from './contender.js';
import { ours, type NodeOptionsOf } from './ours.js';
import { startPeer, type DriverCommand } from './peer-process.js';
import { isTree, type Workload } from './workloads.js';

interface Peer extends Omit<Contender, 'start'> {
  readonly command: () => DriverCommand;
}

const peer = ({ command, ...rest }: Peer): Contender => ({
  ...rest,
  start: (services) => startPeer(rest.name, command(), services),
});

const node = (...args: string[]): DriverCommand => ({ program: process.execPath, args });
const installed = async (): Promise<false> => false;
const trees = ({ chains }: Workload): boolean => chains.every(isTree);

/** Everything that can be measured. */
export const contenders = (nodeOptionsOf?: NodeOptionsOf): readonly Contender[] => [
  ours('redis', nodeOptionsOf),
  ours('postgres', nodeOptionsOf),
  peer({
    name: 'bullmq-flow',
    title: 'BullMQ flows',
    durable: 'Redis only',
    supports: trees,
    missing: installed,
    command: () => node('bullmq.mjs', 'flow'),
  }),
  peer({
    name: 'bullmq-raw',
    title: 'BullMQ, bare jobs, the graph in memory',
    durable: 'nothing of the graph',
    supports: () => true,
    missing: installed,
    command: () => node('bullmq.mjs', 'raw'),
  }),
  peer({
    name: 'bullmq-ping',
    title: 'BullMQ, client adds each task after the last',
    durable: 'nothing of the graph',
    supports: ({ id }) => id === 'W1',
    missing: installed,
    command: () => node('bullmq.mjs', 'ping'),
  }),
];

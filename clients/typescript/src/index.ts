export { branch, chain, chord, group, index, item, param, signal, signOff, subchain, task, wait } from './canvas.js';
export type { Arm, ChainSettings, Step, Task } from './canvas.js';
export { TaskChainClient } from './task-chain-client.js';
export type { ChainProgress, ChainUpdate, LiveTask, TaskChainClientOptions, WaitOptions } from './task-chain-client.js';
export { ConnectionError, ProblemError, WaitTimeoutError } from './errors.js';
export type { FollowOptions } from './live.js';
export type { RetryOptions } from './transport.js';
export type * from './generated/types.gen.js';

import type { ChainCommand, Task } from '#libs/chain-domain';
import type { OperatorCommand } from '#libs/chain-engine';
import type { Cut } from './process.js';

/** One thing that happens: what a schedule is made of. It does nothing where its object is gone, so any may be left out. */
export type Action =
  /** A process goes on behind a gate, or begins a round of a loop. */
  | { readonly kind: 'step'; readonly process: string; readonly what: string; readonly n: number }
  | { readonly kind: 'tick'; readonly ms: number }
  /** It dies at a statement, or only its connection does. */
  | { readonly kind: 'kill' | 'lose-connection'; readonly process: string; readonly n: number; readonly cut: Cut }
  | { readonly kind: 'stop' | 'continue'; readonly process: string }
  | { readonly kind: 'flush'; readonly withChannel: boolean }
  /** The queue comes back from a backup of another time. */
  | { readonly kind: 'restore-queue' }
  | { readonly kind: 'lose-job' | 'lose-message' | 'double-message'; readonly n: number }
  | { readonly kind: 'delay-message'; readonly n: number; readonly ms: number }
  /** Somebody outside sends a signal. */
  | { readonly kind: 'signal'; readonly id: string; readonly key: string; readonly seconds: number }
  | { readonly kind: 'command'; readonly chainId: string; readonly command: ChainCommand };

/** The command as the API has it: tasks by their names. */
export function operatorCommand(command: ChainCommand, tasks: readonly Task[]): OperatorCommand {
  const taskId = (position: number): string => tasks[position]!.taskId;
  switch (command.kind) {
    case 'RetryChain':
      return { ...command, from: command.from?.map(taskId) };
    case 'SkipTask':
      return { kind: command.kind, taskId: taskId(command.position) };
    case 'ResolveTask':
      return { kind: command.kind, taskId: taskId(command.position), result: 'operator' };
    case 'DecideApproval':
      return { ...command, taskId: taskId(command.position) };
    case 'AnswerSignOff': {
      const { kind, position, asked, decision, words } = command;
      return { kind, taskId: taskId(position), asked, decision, words, result: 'answer' };
    }
    case 'SetPriority': {
      const { kind, priority, position } = command;
      return position === undefined ? { kind, priority } : { kind, priority, taskId: taskId(position) };
    }
    case 'ExecuteChain':
    case 'CancelChain':
    case 'PauseChain':
    case 'ResumeChain':
      return { kind: command.kind };
    default:
      throw new Error(`no operator gives ${command.kind}`);
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { LogLineDto } from '#client';
import { isOver, printable } from '#libs/chain-view';
import type { Act, Session } from '../session.js';
import { natural } from './numbers.js';

interface LogFlags {
  readonly follow?: true;
  readonly attempt?: number;
}

interface TaskLine extends LogLineDto {
  readonly task_id: string;
}

const POLL_MS = 1_000;

/** logs. */
export function addLogsCommand(program: Command, session: Session, act: Act): void {
  const { say } = session;
  program
    .command('logs')
    .description(say('print the log lines of a task, or of all tasks of a chain'))
    .argument('<chain>', say('id of a chain'))
    .argument('[task]', say('id of a task'))
    .option('-f, --follow', say('print new lines until the task or chain has ended'))
    .option('--attempt <number>', say('only this attempt'), natural)
    .action(
      act(async (chainId: string, taskId: string | undefined, flags: LogFlags) => {
        const log = new LogReader(session, chainId, taskId, flags);
        while (!(await log.readOn())) await delay(POLL_MS);
      }),
    );
}

/** The lines of one task, or of all that have begun, each task from where it was read to. */
class LogReader {
  private readonly after = new Map<string, number>();
  /** Tasks, with their attempt, that have ended and brought nothing more. */
  private readonly settled = new Set<string>();

  constructor(
    private readonly session: Session,
    private readonly chainId: string,
    private readonly taskId: string | undefined,
    private readonly flags: LogFlags,
  ) {}

  /** Prints what is new; says whether nothing more is to come, or to be waited for. */
  async readOn(): Promise<boolean> {
    const { client } = this.session;
    const path = { chain_id: this.chainId };
    const { taskId, flags } = this;
    const chain = taskId === undefined ? await client.getChain({ path }) : undefined;
    const tasks = chain?.tasks ?? [await client.getTask({ path: { ...path, task_id: taskId! } })];
    const open = tasks.filter(({ task_id, attempt }) => attempt > 0 && !this.settled.has(`${task_id}.${attempt}`));
    const lines: TaskLine[] = [];
    for (const { task_id, attempt, status } of open) {
      const before = lines.length;
      const query = { after: this.after.get(task_id), attempt: flags.attempt };
      for await (const line of client.allTaskLogs(this.chainId, task_id, query)) lines.push({ task_id, ...line });
      if (lines.length > before) this.after.set(task_id, lines.at(-1)!.id);
      else if (isOver(status)) this.settled.add(`${task_id}.${attempt}`);
    }
    lines.sort((a, b) => Date.parse(a.logged_at) - Date.parse(b.logged_at) || a.id - b.id);
    for (const line of lines) this.print(line);
    // Log lines come beside the report of a task's end, and may come after it: one more look when nothing came.
    return !flags.follow || (lines.length === 0 && isOver(chain?.status ?? tasks[0]!.status));
  }

  private print(line: TaskLine): void {
    const name = this.taskId === undefined ? ` [${line.task_id}]` : '';
    this.session.answerNext(line, () => `${line.logged_at} ${line.level.padEnd(5)}${name} ${printable(line.message)}`);
  }
}

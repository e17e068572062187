import { type Command, InvalidArgumentError } from 'commander';
import type { ChainProgress } from '#client';
import { changedLines, elapsedMs, errorText, LiveView, printable, renderChain, type ChainView } from '#libs/chain-view';
import { EXIT, exitOfChain } from './exit-codes.js';
import type { Session } from './session.js';
import { isLive, type Output } from './shell.js';

export interface FollowFlags {
  /** Seconds. */
  readonly timeout?: number;
  readonly cancelOnInterrupt?: true;
}

const FRAME_MS = 200;
/** The maximum number of failed tasks that are listed when a chain ends. */
const TOLD_TASKS = 10;

export function addFollowOptions(command: Command, { say }: Session): Command {
  return command
    .option('--timeout <seconds>', say('stop watching after this time; the chain continues'), positive)
    .option('--cancel-on-interrupt', say('Ctrl-C cancels the chain; by default it continues'));
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('a number above 0 is needed');
  return value;
}

/**
 * Shows a chain until it ends and returns its exit code. On a terminal it is drawn in place, else each change is a
 * line. With -o json or yaml the ended chain is the answer, and the view stands beside it on standard error.
 */
export async function follow(session: Session, chainId: string, flags: FollowFlags): Promise<number> {
  const { shell, say, client, forPeople } = session;
  const output = forPeople ? shell.stdout : shell.stderr;
  const shown = forPeople || isLive(shell, output);
  const view = shown ? new ChainDisplay(session, output) : undefined;
  const stop = new AbortController();
  let interrupted = false;
  const release = shell.onInterrupt(() => {
    if (interrupted || !flags.cancelOnInterrupt) stop.abort();
    else {
      const body = { note: 'Ctrl-C' };
      client.cancelChain({ path: { chain_id: chainId }, body }).catch((error: unknown) => stop.abort(error));
    }
    interrupted = true;
  });
  try {
    const { timeout } = flags;
    const ended = await client.waitForChain(chainId, {
      signal: stop.signal,
      timeoutMs: timeout === undefined ? undefined : timeout * 1000,
      onProgress: (progress) => view?.take(progress),
    });
    view?.end(ended);
    session.answer(ended, () => summaryOf(ended, session));
    return interrupted ? EXIT.INTERRUPTED : exitOfChain(ended.status);
  } catch (error) {
    if (!interrupted || (error as Error).name !== 'AbortError') throw error;
    view?.leave();
    session.remark(say('{chain} continues. Watch it again with: task-chain watch {chain}', { chain: chainId }));
    session.remark(say('Cancel it with: task-chain cancel {chain}', { chain: chainId }));
    return EXIT.INTERRUPTED;
  } finally {
    release();
    view?.leave();
  }
}

/** The chain on a terminal, or line by line. What changes meanwhile is drawn together: a large chain changes often. */
class ChainDisplay {
  private readonly view: LiveView | undefined;
  private readonly timer: NodeJS.Timeout;
  private latest: ChainView | undefined;
  private drawn: ChainView | undefined;
  private progress: ChainProgress | undefined;

  constructor(
    private readonly session: Session,
    private readonly output: Output,
  ) {
    this.view = isLive(session.shell, output) ? new LiveView(output) : undefined;
    this.timer = setInterval(() => this.draw(), FRAME_MS);
  }

  take(progress: ChainProgress): void {
    this.progress = progress;
  }

  /** Draws the chain as it ended. */
  end(chain: ChainView): void {
    this.progress = undefined;
    this.latest = chain;
    this.draw();
  }

  leave(): void {
    clearInterval(this.timer);
    this.view?.leave();
  }

  private draw(): void {
    if (this.progress !== undefined) {
      const { chain, tasks } = this.progress;
      this.progress = undefined;
      const inOrder = [...tasks.values()].sort((a, b) => a.execution_order - b.execution_order);
      this.latest = { ...chain, tasks: inOrder };
    }
    if (this.latest === undefined) return;
    const now = Date.now();
    if (this.view !== undefined) {
      const columns = this.output.columns || 80;
      const rows = this.output.rows || 25;
      this.view.draw(renderChain(this.latest, now, { columns, rows: rows - 1, ...this.session.style(this.output) }));
    } else if (this.latest !== this.drawn) {
      const lines = changedLines(this.drawn, this.latest, now);
      if (lines.length > 0) this.output.write(`${lines.join('\n')}\n`);
    }
    this.drawn = this.latest;
  }
}

/** How a chain ended, what failed and where to look. */
function summaryOf(chain: ChainView & { total_tasks: number; completed_tasks: number }, { say }: Session): string[] {
  const { chain_id, status, total_tasks, completed_tasks, completed_at } = chain;
  const seconds = completed_at ? (elapsedMs(chain, Date.parse(completed_at)) ?? 0) / 1000 : 0;
  const failed = chain.tasks.filter((task) => task.status === 'FAILURE');
  return [
    say('{status}: {done} of {total} tasks succeeded in {seconds} s: {chain}', {
      status,
      done: completed_tasks,
      total: total_tasks,
      seconds: seconds.toFixed(1),
      chain: chain_id,
    }),
    ...failed.slice(0, TOLD_TASKS).map(({ task_id, error }) => `  ${task_id}: ${printable(errorText(error))}`),
    ...(failed.length > 0
      ? [say('Its log: task-chain logs {chain} {task}', { chain: chain_id, task: failed[0]!.task_id })]
      : []),
  ];
}

import { elapsedMs, errorText, isOver, levelsOf, type ChainView, type TaskView } from './chain.js';
import { remainingMs } from './remaining.js';
import { clipWidth, padWidth, printable } from './text.js';

/** Capabilities of the terminal. */
export interface Style {
  readonly columns: number;
  /** Lines at most; a chain of more tasks is summed up. No limit where it is left out. */
  readonly rows?: number;
  readonly colour: boolean;
  readonly unicode: boolean;
}

const SYMBOLS: Readonly<Record<string, readonly [unicode: string, ascii: string, colour: number]>> = {
  PENDING: ['·', '.', 90],
  READY: ['○', 'o', 37],
  QUEUED: ['◌', 'o', 37],
  RUNNING: ['▶', '>', 36],
  RETRYING: ['↻', '~', 33],
  PAUSED: ['‖', '=', 33],
  SUCCESS: ['✔', '+', 32],
  FAILURE: ['✖', 'x', 31],
  SKIPPED: ['»', '-', 33],
  CANCELLED: ['⊘', '/', 33],
};

/** The states whose tasks are shown first when not all tasks fit. */
const TELLING = ['FAILURE', 'RETRYING', 'RUNNING', 'QUEUED', 'READY'];
const BAR_WIDTH = 12;

/**
 * The chain as lines: a heading with its progress, time and what is left of it, then each task by level, with symbol,
 * state in words, bar and time. If these are more than `rows`: the number in each state, and the most important tasks.
 */
export function renderChain(chain: ChainView, now: number, style: Style): string[] {
  const left = remainingMs(chain, now);
  const heading = [
    stateOf(chain.status, style),
    bar(chain.progress ?? 0, style),
    seconds(elapsedMs(chain, now)),
    ...(left === undefined ? [] : [`${style.unicode ? '≈' : 'about'} ${seconds(left).trim()} left`]),
    printable(chain.chain_name),
  ];
  const room = (style.rows ?? Infinity) - 1;
  const body = chain.tasks.length <= room ? byLevel(chain, now, style) : summedUp(chain, now, style, room);
  return [heading.join('  '), ...body].map((line) => clipWidth(line, style.columns));
}

function byLevel(chain: ChainView, now: number, style: Style): string[] {
  const widths = widthsOf(chain.tasks);
  return levelsOf(chain.tasks).flatMap((tasks, level) =>
    tasks.map((task, i) => {
      const label = i === 0 ? `level ${level + 1}`.padEnd(9) : ' '.repeat(9);
      return `${label}${taskLine(task, widths, now, style)}`;
    }),
  );
}

function summedUp(chain: ChainView, now: number, style: Style, room: number): string[] {
  const counts = new Map<string, number>();
  for (const { status } of chain.tasks) counts.set(status, (counts.get(status) ?? 0) + 1);
  const known = Object.keys(SYMBOLS).filter((status) => counts.has(status));
  const summary = known.map((status) => `${stateOf(status, style, 0)} ${counts.get(status)}`).join('  ');
  const telling = TELLING.flatMap((status) => chain.tasks.filter((task) => task.status === status));
  const shown = telling.slice(0, Math.max(0, room - 1));
  const widths = widthsOf(shown);
  return [summary, ...shown.map((task) => taskLine(task, widths, now, style))];
}

/** One line for each task, and for the chain, that is in another state than in `before`. For logs without a terminal. */
export function changedLines(before: ChainView | undefined, chain: ChainView, now: number): string[] {
  const known = new Map(before?.tasks.map((task) => [task.task_id, task]));
  const changed = chain.tasks.filter((task) => {
    const was = known.get(task.task_id);
    return was ? was.status !== task.status || was.attempt !== task.attempt : task.status !== 'PENDING';
  });
  const lines = changed.map((task) => {
    const took = isOver(task.status) ? ` ${seconds(elapsedMs(task, now)).trim()}` : '';
    const attempt = (task.attempt ?? 1) > 1 ? ` (attempt ${task.attempt})` : '';
    const why = task.status === 'FAILURE' || task.status === 'RETRYING' ? ` ${printable(errorText(task.error))}` : '';
    return `${task.status.padEnd(9)} ${task.task_id} (${task.task_type})${attempt}${took}${why}`.trimEnd();
  });
  if (before?.status !== chain.status) {
    lines.push(`${chain.status.padEnd(9)} chain ${chain.chain_id}, ${chain.progress ?? 0} %`);
  }
  return lines;
}

interface Widths {
  readonly id: number;
  readonly type: number;
}

function widthsOf(tasks: readonly TaskView[]): Widths {
  const widest = (pick: (task: TaskView) => string) => tasks.reduce((max, task) => Math.max(max, pick(task).length), 0);
  return { id: widest((task) => task.task_id), type: widest((task) => task.task_type) };
}

function taskLine(task: TaskView, widths: Widths, now: number, style: Style): string {
  const arrow = style.unicode ? '←' : '<-';
  const running = task.status === 'RUNNING';
  const note = isOver(task.status)
    ? errorText(task.error)
    : [running ? task.progress_stage : '', (task.attempt ?? 1) > 1 ? `attempt ${task.attempt}` : '']
        .filter(Boolean)
        .join(', ');
  return [
    stateOf(task.status, style),
    padWidth(task.task_id, widths.id),
    padWidth(task.task_type, widths.type),
    running || isOver(task.status)
      ? bar(task.status === 'SUCCESS' ? 100 : (task.progress ?? 0) * 100, style)
      : ' '.repeat(BAR_WIDTH + 5),
    seconds(elapsedMs(task, now)),
    [task.depends_on.length > 0 ? `${arrow} ${task.depends_on.join(', ')}` : '', printable(note)]
      .filter(Boolean)
      .join('  '),
  ]
    .join('  ')
    .trimEnd();
}

/** Symbol and word: the colour only repeats what they say. */
function stateOf(status: string, style: Pick<Style, 'colour' | 'unicode'>, width = 9): string {
  const [unicode, ascii, colour] = SYMBOLS[status] ?? ['?', '?', 37];
  const text = `${style.unicode ? unicode : ascii} ${status.padEnd(width)}`;
  return style.colour ? `\u001b[${colour}m${text}\u001b[0m` : text;
}

function bar(progress: number, style: Style): string {
  const percent = Math.min(100, Math.max(0, Math.round(progress)));
  const full = Math.round((percent / 100) * BAR_WIDTH);
  const [on, off] = style.unicode ? ['█', '░'] : ['#', '-'];
  return `${on.repeat(full)}${off.repeat(BAR_WIDTH - full)} ${String(percent).padStart(3)}%`;
}

function seconds(ms: number | undefined): string {
  return (ms === undefined ? '' : `${(ms / 1000).toFixed(1)} s`).padStart(8);
}

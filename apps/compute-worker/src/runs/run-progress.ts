import type { Note, RunRef } from '#libs/queues';

const PROGRESS_EVERY_MS = 250;
const LOGS_EVERY_MS = 250;

/** A run's progress, throttled to a few messages a second but always with the last one, and its log lines in bundles. */
export class RunProgress {
  private lastProgress = -Infinity;
  private lines: { atMs: number; level: string; message: string }[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly ref: RunRef,
    private readonly publish: (note: Note) => void,
  ) {}

  update(fraction: number, stage: string): void {
    const now = performance.now();
    if (now - this.lastProgress < PROGRESS_EVERY_MS && fraction < 1) return;
    this.lastProgress = now;
    const { taskRequestId, attempt } = this.ref;
    const within = Math.min(1, Math.max(0, Number.isFinite(fraction) ? fraction : 0));
    this.publish({
      kind: 'progress',
      taskRequestId,
      attempt,
      fraction: within,
      stage: stage.slice(0, 128) || 'working',
    });
  }

  log(level: string, message: string): void {
    this.lines.push({ atMs: Date.now(), level, message: message.slice(0, 8_192) });
    this.timer ??= setTimeout(() => this.flush(), LOGS_EVERY_MS);
  }

  /** Publishes the lines that wait. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { lines } = this;
    if (lines.length === 0) return;
    this.lines = [];
    const { taskRequestId, attempt } = this.ref;
    this.publish({ kind: 'log', taskRequestId, attempt, lines });
  }
}

/** What must hold of schedules, their ticks and their chains (I20), by their rows alone. */
import type { Database } from '#libs/repositories';
import { Violation } from '../standing.js';

interface ScheduleRow {
  readonly id: string;
  readonly overlap: string;
  readonly paused: boolean;
  readonly next: number;
}
interface TickRow {
  readonly id: string;
  readonly due: number;
  readonly kind: string;
  readonly outcome: string;
  readonly missed: number | null;
  readonly chain: string | null;
}
interface ChainRow {
  readonly chain: string;
  readonly id: string;
  readonly due: number;
  readonly open: boolean;
}
interface Seen {
  readonly schedules: readonly ScheduleRow[];
  readonly ticks: readonly TickRow[];
  readonly chains: readonly ChainRow[];
}

const MS = (column: string): string => `extract(epoch FROM ${column})::float8 * 1000`;
const SEEN = {
  name: 'seen',
  text: `
    SELECT (SELECT coalesce(json_agg(s ORDER BY s.id), '[]') FROM (
             SELECT schedule_id AS id, overlap, paused, ${MS('next_due_at')} AS next FROM schedules) AS s) AS schedules,
           (SELECT coalesce(json_agg(t ORDER BY t.id, t.due), '[]') FROM (
             SELECT schedule_id AS id, ${MS('due_at')} AS due, kind, outcome, missed, chain_id AS chain FROM schedule_ticks) AS t) AS ticks,
           (SELECT coalesce(json_agg(c ORDER BY c.n), '[]') FROM (
             SELECT id AS n, chain_id AS chain, schedule_id AS id, ${MS('scheduled_at')} AS due,
                    status NOT IN ('SUCCESS', 'FAILURE', 'CANCELLED') AS open FROM task_chains) AS c) AS chains`,
};

export class TickRows {
  private seen: Seen = { schedules: [], ticks: [], chains: [] };
  /** Due times that were planned, by schedule. */
  private readonly planned = new Map<string, Set<number>>();

  constructor(
    private readonly owner: Database,
    private readonly intervalMs: number,
  ) {}

  get chains(): readonly ChainRow[] {
    return this.seen.chains;
  }

  get waiting(): number {
    return this.seen.ticks.filter(({ outcome }) => outcome === 'WAITING').length;
  }

  /** After each commit. `by`: what committed. */
  async committed(by: string): Promise<void> {
    const before = this.seen;
    const [now] = await this.owner.query<Seen>(SEEN);
    this.seen = now!;
    this.matched();
    for (const schedule of now!.schedules) this.moved(before, schedule, by);
    for (const chain of now!.chains.slice(before.chains.length)) this.made(before, chain);
  }

  /** When nothing goes on any more: each tick has its outcome, and each chain is that of its tick. */
  atRest(): void {
    const { ticks, chains } = this.seen;
    const waits = ticks.find(({ outcome }) => outcome === 'WAITING');
    if (waits !== undefined) throw new Violation('I20', `${said(waits)} waits for ever`);
    for (const { id, due, chain } of chains) {
      const tick = ticks.find((each) => each.id === id && each.due === due);
      if (tick?.chain !== chain) throw new Violation('I20', `${chain} is not the chain of ${tick && said(tick)}`);
    }
  }

  /** A due time has one chain at most, and a tick that says so names it. */
  private matched(): void {
    const { ticks, chains } = this.seen;
    const made = new Map<string, string>();
    for (const { chain, id, due } of chains) {
      const other = made.get(`${id} ${due}`);
      if (other !== undefined) throw new Violation('I20', `${id} at ${due} made ${other} and ${chain}`);
      made.set(`${id} ${due}`, chain);
    }
    for (const tick of ticks) {
      const right = tick.outcome === 'CREATED' ? made.get(`${tick.id} ${tick.due}`) : null;
      if (tick.chain !== right) throw new Violation('I20', `${said(tick)} has ${tick.chain}, made was ${right}`);
    }
  }

  /** A plan takes each due time from the one before to the next one, once; and nothing else moves a schedule but its resumption. */
  private moved(before: Seen, { id, next, paused }: ScheduleRow, by: string): void {
    const was = before.schedules.find((each) => each.id === id);
    if (was === undefined || was.next === next || by !== 'plan-ticks') return;
    if (was.paused && paused) throw new Violation('I20', `${id} was moved on while it was paused`);
    if (next <= was.next) throw new Violation('I20', `${id} went back from ${was.next} to ${next}`);
    const planned = this.planned.get(id) ?? new Set();
    this.planned.set(id, planned);
    const own = this.seen.ticks.filter((tick) => tick.id === id);
    for (let due = was.next; due < next; due += this.intervalMs) {
      const takes = (tick: TickRow): boolean =>
        tick.due === due || (tick.missed !== null && tick.due > due && tick.due - tick.missed * this.intervalMs < due);
      const found = own.filter(takes);
      // After the clock stepped back a due time may come again; what was backfilled before it came counts as missed all the same.
      const isNew = !planned.has(due) && found.every(({ kind }) => kind === 'DUE');
      if (isNew && found.length !== 1) throw new Violation('I20', `${id} at ${due} has ${found.length} ticks`);
      planned.add(due);
    }
  }

  /** Nobody makes a chain beside one that is open, or before one that was due before. */
  private made(before: Seen, { chain, id, due }: ChainRow): void {
    const { overlap, paused } = this.seen.schedules.find((each) => each.id === id)!;
    const open = before.chains.find((each) => each.id === id && each.open);
    if (overlap !== 'allow' && open !== undefined) throw new Violation('I20', `${chain} was made beside ${open.chain}`);
    const tick = before.ticks.find((each) => each.id === id && each.due === due);
    if (tick?.outcome !== 'WAITING') throw new Violation('I20', `${chain} was made of ${tick && said(tick)}`);
    if (paused && tick.kind === 'DUE') throw new Violation('I20', `${chain} was made while ${id} was paused`);
    const isEarlier = (each: TickRow): boolean => each.id === id && each.due < due && each.outcome === 'WAITING';
    const earlier = before.ticks.find((each) => isEarlier(each) && each.kind === 'DUE');
    if (overlap === 'queue' && earlier !== undefined && tick.kind === 'DUE') {
      throw new Violation('I20', `${chain} of ${said(tick)} was made before that of ${said(earlier)}`);
    }
  }
}

const said = ({ id, due, kind, outcome }: TickRow): string => `the ${kind} tick ${id} at ${due}, ${outcome},`;

import {
  coveringOf,
  coversSource,
  subjectOf,
  type Covering,
  type StandingStatement,
  type Statement,
  type TaskStatement,
} from '#libs/consent';
import type { Source } from './lineage.js';
import { sourceKey } from './source-of.js';

/** The standing approvals that cover a run, as far as it has read: fewer and fewer. */
export class RunStanding {
  private readonly fitting = new Map<string, Covering>();
  private readonly reasons: string[] = [];

  constructor(
    standing: readonly StandingStatement[],
    private readonly task: TaskStatement | undefined,
  ) {
    for (const each of standing) {
      const found = task === undefined ? undefined : coveringOf(each, task);
      if (found === undefined) continue;
      if ('misfit' in found) this.reasons.push(reasonOf(each, found.misfit));
      else this.fitting.set(found.key, found);
    }
  }

  /** Those that cover the run. */
  get coverings(): readonly Covering[] {
    return [...this.fitting.values()];
  }

  /** Why others do not. */
  get misfits(): readonly string[] {
    return this.reasons;
  }

  /** Takes an artifact that the run reads. Returns whether an approval covers the run no longer, since it is not for what made the artifact. */
  take(label: string, { made }: Source): boolean {
    if (!label.startsWith('artifact:')) return false;
    const from = Object.entries(this.task?.from ?? {});
    const sources =
      made === undefined
        ? [sourceKey(label, this.task?.chain_id ?? '')]
        : from.flatMap(([id, hash]) => (hash === made.by ? [id] : []));
    const before = this.fitting.size;
    for (const [key, covering] of this.fitting) {
      if (sources.some((source) => coversSource(covering, source, made?.standing ?? []))) continue;
      this.fitting.delete(key);
      this.reasons.push(reasonOf(covering.standing, `${label} was not made under it`));
    }
    return this.fitting.size < before;
  }
}

/** Whether the owner has signed no newer approval of its name. */
export const isNewest = ({ standing }: Covering, statements: ReadonlyMap<string, Statement>): boolean =>
  statements.get(subjectOf(standing))?.serial === standing.serial;

/** Why a standing approval does not cover a task, for its owner. */
export const reasonOf = ({ name }: StandingStatement, why: string): string => `standing approval ${name}: ${why}`;

/** What a person at this site has decided on a task. Commands alone write it. */
export interface Decision {
  readonly hash: string;
  /** `<chain>/<task>` of an accept: says what it is for where the task is offered no longer. A row of an earlier version has none. */
  readonly maker?: string;
  readonly decision: 'accept' | 'refuse';
  /** The runs that waited when it was made. */
  readonly runs: readonly string[];
  /** Whether it counts for every later run of exactly this task too. */
  readonly again: boolean;
  /** With `again`: how many runs of the task may begin under it, those that waited among them. Absent: any number. */
  readonly most?: number;
  readonly reason?: string;
  /** What had made the artifacts that the task reads: it counts for no others. */
  readonly from?: From;
  readonly at: string;
}

/** What made artifacts at this site: by task of the chain, the hash of its canonical form with its own `from`. */
export type From = Readonly<Record<string, string>>;

/** How long a decision counts. */
const DECISION_MS = 7 * 24 * 3_600_000;
/** Whether it counts no longer. */
export const isOld = ({ at }: Decision): boolean => !(Date.now() - Date.parse(at) <= DECISION_MS);
/** When a decision ends, in ISO 8601. */
export const endOf = ({ at }: Decision): string => new Date(Date.parse(at) + DECISION_MS).toISOString();

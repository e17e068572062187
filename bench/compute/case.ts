import { readFileSync } from 'node:fs';
import type { Json } from '#libs/compute';
import type { TableShape } from './tables.js';
import type { TaskReport } from './task-process.js';

/** One task type on made tables, and how far it is from the same in plain arithmetic. */
export interface TypeCase {
  readonly type: string;
  /** Tables of the parties; a case on results alone has those of the task before it. */
  readonly tables: Readonly<Record<string, TableShape>>;
  /** What each party allows, as its `.policy.json` says it. */
  readonly policy?: object;
  /** A task whose result it is given as that of `before`: on the same tables, or on such of other `rows`. */
  readonly before?: { readonly type: string; readonly config: (paths: Paths) => object; readonly rows?: number };
  /** `before`: the result of the task before it. */
  config(paths: Paths, before?: Json): object;
  /** What the figure is, in English and Chinese. */
  readonly of: readonly [en: string, zh: string];
  figure(outcome: Outcome): Promise<string> | string;
}

/** The table's path of each party. */
export type Paths = Readonly<Record<string, string>>;

type Anything = any; // eslint-disable-line @typescript-eslint/no-explicit-any -- results are as their types' pages say

/** What a case came to. */
export class Outcome {
  constructor(
    readonly report: TaskReport,
    private readonly before: TaskReport | undefined,
    readonly folder: string,
  ) {}

  get result(): Anything {
    return this.report.result;
  }

  /** What the readers of a party get. */
  kept(party: string): Anything {
    return (this.report.partyResults as Anything)[party].value;
  }

  get resultBefore(): Anything {
    return this.before?.result;
  }

  /** Where a file of a party lies, which its path or `artifact:` names. */
  file(party: string, reference: string): string {
    return reference.startsWith('artifact:')
      ? `${this.folder}/artifacts/${reference.slice('artifact:'.length)}`
      : `${this.folder}/data/${party}/${reference}`;
  }

  json(reference: string): Anything {
    return this.own('', reference);
  }

  /** A JSON file of a party. */
  own(party: string, reference: string): Anything {
    return JSON.parse(readFileSync(this.file(party, reference), 'utf8'));
  }
}

/** Two significant digits: an error's size. */
export const error = (value: number): string => (value === 0 ? '0' : value.toExponential(1));

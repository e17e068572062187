/** The priorities that have names. */
export const PRIORITIES = ['low', 'normal', 'high', 'critical'] as const;

/** What the user decides on a command. */
export interface Choice {
  readonly dry_run: boolean;
  readonly note: string;
  readonly downstream: boolean;
  readonly priority: (typeof PRIORITIES)[number];
  /** Of a task that is resolved, or what a signal brings. */
  readonly result: unknown;
}

/** What a command changes, a line for each task or chain. */
export interface Outcome {
  /** Of the chain after the command. */
  readonly status?: string;
  readonly lines: readonly {
    readonly key: string;
    readonly what: string;
    readonly from?: string | undefined;
    readonly to?: string | undefined;
    readonly more?: { readonly tasks?: number; readonly detail?: string; readonly priority?: number };
  }[];
}

/** A command, and what it asks the user beside a note. */
export interface Action {
  readonly name: string;
  readonly danger?: boolean;
  readonly asks?: 'downstream' | 'priority' | 'result' | 'payload';
  /** Whether the API takes the command only with a reason. */
  readonly needsNote?: boolean;
  /** Whether the API can say what it would change, and takes a reason: a signal goes to whichever task waits for it. */
  readonly isBlind?: boolean;
  send(choice: Choice): Promise<Outcome>;
}

import type { InputFault } from '#libs/chain-domain';

/** A fault of what a user wrote, and where in the file: line and column from 1. */
export interface PlacedFault extends InputFault {
  readonly line?: number;
  readonly column?: number;
}

/** The failure of a command: shown without a stack, with an exit code by kind. */
export class Failure extends Error {
  readonly hint: string | undefined;
  readonly faults: readonly PlacedFault[];
  /** Of the file that `faults` are in. */
  readonly file: string | undefined;

  constructor(
    readonly exit: number,
    message: string,
    more: { hint?: string; faults?: readonly PlacedFault[]; file?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.hint = more.hint;
    this.faults = more.faults ?? [];
    this.file = more.file;
  }
}

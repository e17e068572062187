import type { InputFault } from '#libs/chain-domain';

/** A fault of what a user wrote, and where in the file: line and column from 1. */
export interface PlacedFault extends InputFault {
  readonly line?: number;
  readonly column?: number;
}

/** Why a command did not do what it was asked: told without a stack, with the exit code of its kind. */
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

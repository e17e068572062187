/** Exit codes; scripts rely on them. docs/cli.md lists them. */
export const EXIT = {
  OK: 0,
  /** A fault of the program itself. */
  BUG: 1,
  /** The command line, the environment or a profile is wrong. */
  USAGE: 2,
  /** The chain, or what else was sent, is refused (400, 413, 422). */
  INVALID: 3,
  /** The chain that was waited for ended with FAILURE. */
  FAILURE: 4,
  /** … with CANCELLED. */
  CANCELLED: 5,
  /** Not signed in, or not allowed (401, 403). */
  REFUSED: 6,
  /** No such chain, task, artifact or key (404). */
  NOT_FOUND: 7,
  /** The state does not allow it (409, 412). */
  CONFLICT: 8,
  /** The server does not answer, or cannot now (429, 5xx). */
  UNAVAILABLE: 9,
  /** `--timeout` was over before the chain. */
  TIMEOUT: 10,
  /** Ctrl-C. */
  INTERRUPTED: 130,
  /** Who reads the output has gone. */
  BROKEN_PIPE: 141,
} as const;

/** The exit code of a chain's end. */
export function exitOfChain(status: string): number {
  if (status === 'SUCCESS') return EXIT.OK;
  return status === 'CANCELLED' ? EXIT.CANCELLED : EXIT.FAILURE;
}

/** The exit code of an HTTP status that is no success. */
export function exitOfStatus(status: number): number {
  if (status === 401 || status === 403) return EXIT.REFUSED;
  if (status === 404) return EXIT.NOT_FOUND;
  if (status === 409 || status === 412) return EXIT.CONFLICT;
  return status === 429 || status >= 500 ? EXIT.UNAVAILABLE : EXIT.INVALID;
}

import { printable } from '#libs/chain-view';
import { ConnectionError, ProblemError, WaitTimeoutError } from '#client';
import { EXIT, exitOfStatus } from './exit-codes.js';
import { Failure, type PlacedFault } from './failure.js';
import type { AtHand } from './session.js';
import type { Say } from './words.js';

/** What a thrown thing means to a user: its exit code, and what to do with what is at hand. Undefined for a fault of the program itself. */
export function failureOf(error: unknown, say: Say, atHand: AtHand = {}): Failure | undefined {
  if (error instanceof Failure) return error;
  if (error instanceof WaitTimeoutError) {
    const hint = say('It continues. Watch it again with: task-chain watch {chain}', { chain: error.chainId });
    const message = say('{chain} has not ended after {seconds} s.', {
      chain: error.chainId,
      seconds: error.timeoutMs / 1000,
    });
    return new Failure(EXIT.TIMEOUT, message, { hint });
  }
  if (error instanceof ConnectionError) {
    const hint = say(
      'Is the server running? Say where it is by --url, TASK_CHAIN_URL or a profile: task-chain profile set <name> --url <url>',
    );
    const message = say('The server cannot be reached: {reason}', { reason: error.message });
    return new Failure(EXIT.UNAVAILABLE, message, { hint, cause: error });
  }
  if (error instanceof ProblemError) return ofProblem(error, say, atHand);
  // Of the operating system: a file that the user named is not there, is a folder, may not be written.
  if (error instanceof Error && 'syscall' in error) {
    return new Failure(EXIT.USAGE, say('A file cannot be used: {reason}', { reason: error.message }), { cause: error });
  }
  return undefined;
}

function ofProblem(error: ProblemError, say: Say, atHand: AtHand): Failure {
  const { status, code, message, errors, requestId } = error;
  // The detail only counts the errors, which are listed one by one.
  const faults = errors.length > 0 ? errors : [];
  const text = faults.length === 1 && faults[0]!.message === message ? code : `${code}: ${message}`;
  const bug = status >= 500 && status !== 503;
  return new Failure(exitOfStatus(status), text, {
    hint:
      bug && requestId
        ? say("The server's log has details under the request {id}.", { id: requestId })
        : hintOf(error, say, atHand),
    faults,
    cause: error,
  });
}

function hintOf({ status, code }: ProblemError, say: Say, atHand: AtHand): string | undefined {
  const { chain = '<chain>', task = '<task>' } = atHand;
  if (code === 'UNKNOWN') {
    return say('This does not look like the API of Task Chain: check the address (--url, what comes before /api/v1).');
  }
  if (status === 401) {
    return say(
      'Give an API key or a token by TASK_CHAIN_TOKEN, TASK_CHAIN_TOKEN_FILE or a profile: task-chain profile set <name> --token-stdin',
    );
  }
  if (code === 'FORBIDDEN') {
    return say('Use a key with that role; an admin creates one with: task-chain keys create <name> --role <role>');
  }
  if (code === 'CHAIN_NOT_FOUND') return say('List them with: task-chain ls');
  if (code === 'TASK_NOT_FOUND') return say('See its tasks with: task-chain show {chain}', { chain });
  if (code === 'ARTIFACT_NOT_FOUND')
    return say('List them with: task-chain artifacts ls {chain} {task}', { chain, task });
  if (code === 'ARTIFACT_UNREADABLE') return undefined;
  if ((status === 409 || status === 412) && atHand.chain !== undefined) {
    return say('See its current state with: task-chain show {chain}', { chain });
  }
  if (status === 429 || status === 503) return say('Try again later.');
  return undefined;
}

/** A failure as lines for people. */
export function linesOf(failure: Failure, say: Say): string[] {
  const lines = [`${say('error')}: ${printable(failure.message)}`];
  lines.push(...failure.faults.map((fault) => `  ${faultLine(fault, failure.file)}`));
  if (failure.hint !== undefined) lines.push(`${say('hint')}: ${printable(failure.hint)}`);
  return lines;
}

/** `file:line:column: CODE message`, as editors and terminals link it. */
export function faultLine({ code, message, pointer, line, column }: PlacedFault, file: string | undefined): string {
  const where = line === undefined ? pointer : `${file ?? ''}:${line}:${column}`;
  return printable(`${where ? `${where}: ` : ''}${code} ${message}`);
}

/** A failure for programs. */
export function documentOf(failure: Failure): object {
  const { exit, message, hint, faults, file, cause } = failure;
  const problem = cause instanceof ProblemError ? cause : undefined;
  return {
    error: {
      exit_code: exit,
      message,
      ...(problem && { status: problem.status, code: problem.code }),
      ...(problem?.requestId && { request_id: problem.requestId }),
      ...(problem?.state && { state: problem.state }),
      ...(hint && { hint }),
      ...(file && { file }),
      ...(faults.length > 0 && { errors: faults }),
    },
  };
}

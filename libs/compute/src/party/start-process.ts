import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { COORDINATOR_LINE, FIRST_LINE, type ToParty } from './party-link.js';
import { startGuarded, type Account, type Guarded } from './start-guarded.js';
import { streamTransport, type Transport } from './transport.js';

/** JavaScript heap of one party, MB. Tables stream, so only keys and models are held. */
const HEAP_MB = 1024;

/** A party's process. */
export interface PartyProcess extends Pick<Guarded, 'ended' | 'stop'> {
  readonly transport: Transport<ToParty>;
  /** The other ends of its new lines, in their order; undefined for one that was handed over. */
  readonly lines: readonly (Duplex | undefined)[];
}

/**
 * Starts a party's process from `entry` with these rights, and with `account` where there is one. It waits for the message that starts it. `lines` are
 * those to its peers: new ones, or ends of a peer's, which are this process's no more.
 */
export function startProcess(
  entry: URL,
  rights: readonly string[],
  account: Account | undefined,
  lines: readonly ('pipe' | Duplex)[] = [],
): PartyProcess {
  const node = [process.execPath, `--max-old-space-size=${HEAP_MB}`, ...rights, fileURLToPath(entry)];
  const { child, ended, isStopped, stop } = startGuarded(node, {
    account,
    cwd: '/',
    // That of a peer that could not be started is no stream any more.
    lines: ['pipe', ...lines.map((line) => (line !== 'pipe' && line.destroyed ? 'pipe' : line))],
  });
  for (const line of lines) if (line !== 'pipe') line.destroy();
  const transport = streamTransport<ToParty>(child.stdio[COORDINATOR_LINE] as Duplex);
  // A write to a process that is gone closes the line, and with it what the process had sent is lost unread.
  const post = (message: ToParty): void => {
    if (!isStopped()) transport.post(message);
  };
  const ends = child.stdio.slice(FIRST_LINE).map((end) => (end ?? undefined) as Duplex | undefined);
  return { transport: { ...transport, post }, lines: ends, ended, stop };
}

import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ToParty } from './party-link.js';
import { startGuarded, type Account, type Guarded } from './start-guarded.js';
import { streamTransport, type Transport } from './transport.js';

/** JavaScript heap of one party, MB. Tables stream, so only keys and models are held. */
const HEAP_MB = 1024;

const ENTRY = fileURLToPath(new URL('./party-process.js', import.meta.url));

/** A party's process. */
export interface PartyProcess extends Pick<Guarded, 'ended' | 'stop'> {
  readonly transport: Transport<ToParty>;
}

/** Starts a party's process with these rights, and with `account` where there is one. It waits for the message that starts it. */
export function startProcess(rights: readonly string[], account: Account | undefined): PartyProcess {
  const node = [process.execPath, `--max-old-space-size=${HEAP_MB}`, ...rights, ENTRY];
  const { child, ended, isStopped, stop } = startGuarded(node, { account, cwd: '/', hasLine: true });
  const transport = streamTransport<ToParty>(child.stdio[3] as Duplex);
  // A write to a process that is gone closes the line, and with it what the process had sent is lost unread.
  const post = (message: ToParty): void => {
    if (!isStopped()) transport.post(message);
  };
  return { transport: { ...transport, post }, ended, stop };
}

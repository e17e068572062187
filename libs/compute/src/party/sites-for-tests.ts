import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type { Site, Transcript } from '../contract/site.js';

/** Sites in one process, with a plain socket between each two of them. */
export class TestSites {
  readonly crossed: Record<string, Transcript> = {};
  private readonly ends = new Map<string, Promise<Socket>>();

  constructor(private readonly members: readonly string[]) {}

  of(party: string): Site {
    return {
      party,
      meet: async (others) => {
        const missing = others.filter((other) => !this.members.includes(other));
        if (missing.length > 0) throw new Error(`no site of ${missing.join()}`);
        return new Map(await Promise.all(others.map(async (other) => [other, await this.end(party, other)] as const)));
      },
      crossed: (member, transcript) => void (this.crossed[`${party}-${member}`] = transcript),
      leaves: () => Promise.resolve(),
    };
  }

  /** The end of the connection of two members that is at the first one. */
  async end(here: string, there: string): Promise<Socket> {
    const name = `${here}-${there}`;
    if (!this.ends.has(name)) {
      const both = pair();
      this.ends.set(
        name,
        both.then(([end]) => end),
      );
      this.ends.set(
        `${there}-${here}`,
        both.then(([, end]) => end),
      );
    }
    return this.ends.get(name)!;
  }
}

async function pair(): Promise<[Socket, Socket]> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const arrival = once(server, 'connection') as Promise<[Socket]>;
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [far] = await arrival;
  server.close();
  for (const end of [near, far]) end.on('error', () => undefined);
  return [near, far];
}

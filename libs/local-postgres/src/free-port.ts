import { randomInt } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';

/**
 * Ports below those that Linux and macOS give to outgoing connections and to servers that ask for any port: among those,
 * the one found here would often be taken before its user listens on it.
 */
const LOWEST_PORT = 20_000;
const PORTS = 12_000;
const TRIES = 20;

/** A port that is free on `host` right now. Whoever uses it must be ready for another process to be quicker. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = await tryPort(host, LOWEST_PORT + randomInt(PORTS));
    if (port !== undefined) return port;
  }
  return (await tryPort(host, 0)) as number;
}

/** Whether `port` can be listened on; rejects for other reasons, such as a host that is not of this machine. */
export async function isPortFree(host: string, port: number): Promise<boolean> {
  return (await tryPort(host, port)) !== undefined;
}

function tryPort(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen({ host, port, exclusive: true }, () => {
      const taken = (server.address() as AddressInfo).port;
      server.close(() => resolve(taken));
    });
  });
}

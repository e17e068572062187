import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join, relative } from 'node:path';
import { Refusal } from './refusal.js';

/** Longest path of a socket, bytes: Linux has room for 107, macOS for 103. */
const MOST_PATH = 103;

/**
 * Takes a folder for this process alone, and returns what gives it back. Each process listens at a socket of its own before it looks for
 * those of others, so of two at least one sees the other. Whatever ends a process, its socket answers no longer. Throws Refusal.
 */
export async function takeAlone(folder: string): Promise<() => Promise<void>> {
  const sockets = join(folder, 'connected');
  await mkdir(sockets, { recursive: true, mode: 0o700 });
  const own = randomBytes(6).toString('hex');
  const server = createServer((socket) => socket.destroy());
  await listen(server, pathOf(sockets, own));
  const leave = async (): Promise<void> => {
    await new Promise((resolve) => server.close(resolve));
  };
  for (const name of (await readdir(sockets)).filter((each) => each !== own)) {
    if (await answers(pathOf(sockets, name))) {
      await leave();
      throw new Refusal(`Another task-chain-node connect runs on ${folder}. One is enough: end that one first.`);
    }
    await rm(join(sockets, name), { force: true });
  }
  return leave;
}

function pathOf(sockets: string, name: string): string {
  const path = join(sockets, name);
  const near = relative(process.cwd(), path);
  const shorter = near.length < path.length ? near : path;
  if (Buffer.byteLength(shorter) <= MOST_PATH) return shorter;
  throw new Refusal(`The path of ${sockets} is too long for a socket in it: move the folder of the site.`);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => server.once('error', reject).listen(path, resolve));
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    }).once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'));
  });
}

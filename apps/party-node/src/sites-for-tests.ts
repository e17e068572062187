import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'libsql';
import { SPU_VERSION } from '#libs/compute';
import { guarded } from '#libs/local-postgres';
import { findSpuPython, keptPort, NO_SPU, type SkipReason } from '#libs/testing';
import { NodeFolder } from './node-folder.js';
import { run } from './program.js';

/** The command of a site. Compiled, this file lies in dist/apps/party-node/src. */
export const BIN = fileURLToPath(new URL('../../../../apps/party-node/bin/task-chain-node.mjs', import.meta.url));

/** The Python of an environment with SPU, where engines are tested. */
export const spuPython = findSpuPython(SPU_VERSION);

/** Why tests of SPU are skipped, if they are. */
export const noSpu: SkipReason = spuPython === undefined && NO_SPU;

/** What a command of a site came to. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command of a site, in a separate process. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ran>;
  /** Resolves once it has said this on stderr, so many times. */
  said(text: string, times?: number): Promise<void>;
}

/** The folders of parties and a dealer that know each other: alice connects to bob, and both connect to lab. */
export class TestSites {
  private constructor(
    readonly path: string,
    readonly fingerprints: Readonly<Record<string, string>>,
  ) {}

  static async make(): Promise<TestSites> {
    const path = await mkdtemp(join(tmpdir(), 'party-node-'));
    const [bob, lab] = [`127.0.0.1:${await keptPort()}`, `127.0.0.1:${await keptPort()}`];
    const fingerprints: Record<string, string> = {};
    for (const [name, ...options] of [['alice'], ['bob', '--listen', bob], ['lab', '--dealer', '--listen', lab]]) {
      const { out } = await command(['init', name!, ...options, '--folder', join(path, name!)]);
      fingerprints[name!] = out.trim();
    }
    const sites = new TestSites(path, fingerprints);
    await sites.add('alice', 'bob', '--address', bob);
    await sites.add('alice', 'lab', '--dealer', '--address', lab);
    await sites.add('bob', 'alice');
    await sites.add('bob', 'lab', '--dealer', '--address', lab);
    await sites.add('lab', 'alice');
    await sites.add('lab', 'bob');
    return sites;
  }

  add(site: string, name: string, ...options: string[]): Promise<Ran> {
    return this.command(site, 'peers', 'add', name, this.fingerprints[name]!, ...options);
  }

  /** Where a site listens. */
  async portOf(site: string): Promise<number> {
    const { listen } = await new NodeFolder(join(this.path, site)).read();
    return Number(listen!.split(':')[1]);
  }

  /** Runs a command at a site in this process. */
  command(site: string, ...args: string[]): Promise<Ran> {
    return command([...args, '--folder', join(this.path, site)]);
  }

  /** Starts a command at a site, in a separate process. */
  start(site: string, ...args: string[]): Running {
    return startCommand(...args, '--folder', join(this.path, site));
  }

  /** Writes a file that every site has, and returns its path and the hash that they accept. */
  async task(task: object, name = 'task.json'): Promise<{ readonly path: string; readonly hash: string }> {
    const path = join(this.path, name);
    await writeFile(path, JSON.stringify(task));
    const { out, err } = await command(['show', path]);
    const hash = /--accept (sha256:[0-9a-f]{64})/.exec(out)?.[1];
    if (hash === undefined) throw new Error(err);
    return { path, hash };
  }

  async table(party: string, name: string, rows: readonly (readonly unknown[])[]): Promise<void> {
    const folder = join(this.path, party, 'data', party);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, name), `${rows.map((row) => row.join(',')).join('\n')}\n`);
  }

  read(site: string, ...path: string[]): Promise<string> {
    return readFile(join(this.path, site, ...path), 'utf8');
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}

/**
 * Copies the folder of a site, `site.db` as its documentation says: a connection that was closed may take its files away only later. The copy is
 * used where it lies: that would take those of another one in the same place away as well.
 */
export async function backUp(folder: string, to: string): Promise<void> {
  await cp(folder, to, { recursive: true, filter: (from) => !basename(from).startsWith('site.db') });
  const db = new Database(join(folder, 'site.db'));
  db.exec(`VACUUM INTO '${join(to, 'site.db')}'`);
  db.close();
}

/** Runs a command in this process. */
export async function command(args: readonly string[], signal = new AbortController().signal): Promise<Ran> {
  let [out, err] = ['', ''];
  const code = await run(args, { out: (text) => (out += text), err: (text) => (err += text), signal });
  return { code, out, err };
}

/** Starts a command in a separate process. */
export function startCommand(...args: string[]): Running {
  return runningOf(guarded(() => spawn(process.execPath, [BIN, ...args], { stdio: 'pipe' }), 'TERM'));
}

/** What a process of a site says, and how it ends. */
export function runningOf(child: ChildProcess): Running {
  let [out, err] = ['', ''];
  const heard = new Set<() => void>();
  child.stdout!.on('data', (chunk) => (out += String(chunk)));
  child.stderr!.on('data', (chunk) => {
    err += String(chunk);
    heard.forEach((look) => look());
  });
  const ended = new Promise<Ran>((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  const said = (text: string, times = 1): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => void (err.split(text).length > times && resolve());
      heard.add(look);
      look();
      void ended.then(() => reject(new Error(`it ended: ${err}`)));
    });
  return { process: child, ended, said };
}

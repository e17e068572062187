import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort, guarded } from '#libs/local-postgres';
import { NodeFolder } from '../../apps/party-node/src/node-folder.js';
import { run } from '../../apps/party-node/src/program.js';
import { makeWord, plantCanaries, type PlantedTable } from './canaries.js';
import { exampleFile } from './example.js';
import { shownPath, type Owners } from './owners.js';

/** The system that sites join, and where to show what people type there. */
export interface SitesOptions {
  readonly url: string;
  /** Where its worker listens for sites. */
  readonly uplink: string;
  /** Below it each site has a folder. */
  readonly folder: string;
  /** The admin. */
  readonly owners: Owners;
  readonly print: (line: string) => void;
}

/** Where a site has what. */
export interface Place {
  readonly name: string;
  readonly folder: string;
  readonly pid: number;
  /** Its process has it in memory. */
  readonly argument: string;
}

const EXAMPLE = 'breast-cancer';
const TABLE = 'breast-cancer.csv';
/** A class, which no canary can be. */
const LABEL = 'y';
const PARTIES = ['alice', 'bob'] as const;
const DEALER = 'lab';
const NAMES = [...PARTIES, DEALER] as const;
type Name = (typeof NAMES)[number];
/** Whom each site connects to; the others connect to it. */
const CONNECTS: Readonly<Record<Name, readonly Name[]>> = { alice: ['bob', DEALER], bob: [DEALER], lab: [] };
const BIN = fileURLToPath(new URL('../../../apps/party-node/bin/task-chain-node.mjs', import.meta.url));
const GRACE_MS = 3_000;
/** In a site's folder: the demo has made it, and may change it. */
const MARK = '.demo';

/**
 * The sites of the example's two parties and of a dealer, each with a folder and a process of its own, and the people there. They type what an
 * administrator of a site would type; each command is shown as it runs.
 */
export class Sites {
  /** The word that all ids begin with. */
  readonly word = makeWord();
  readonly tables: PlantedTable[] = [];
  private readonly processes = new Map<Name, { readonly child: ChildProcess; readonly ended: Promise<unknown> }>();
  private deciding: Promise<unknown> = Promise.resolve();
  private isStopped = false;
  private fail: (error: Error) => void = () => undefined;
  /** Rejects when a site ends, or a command at one fails. */
  readonly failed = new Promise<never>((_, reject) => (this.fail = reject));

  constructor(private readonly options: SitesOptions) {
    this.failed.catch(() => undefined);
  }

  /** The folders of the sites. */
  get folders(): readonly string[] {
    return NAMES.map((name) => this.folder(name));
  }

  /** Where a site has what: its files, and the memory of its process, which began with this argument. */
  get places(): readonly Place[] {
    return NAMES.map((name) => {
      const argument = shownPath(this.folder(name));
      return { name, folder: this.folder(name), argument, pid: this.processes.get(name)?.child.pid ?? -1 };
    });
  }

  /** The tables that the tasks made at the sites, as CSV. */
  async tablesMade(): Promise<string[]> {
    const texts: string[] = [];
    for (const name of NAMES) {
      const folder = join(this.folder(name), 'artifacts');
      for (const file of await readdir(folder, { recursive: true }))
        if (file.endsWith('.csv')) texts.push(readFileSync(join(folder, file), 'utf8'));
    }
    return texts;
  }

  /** Makes the sites, joins them, has them know each other, puts their tables there, and connects them. */
  async prepare(): Promise<void> {
    const { print } = this.options;
    mkdirSync(this.options.folder, { recursive: true, mode: 0o700 });
    print('# An admin invites two hospitals and a dealer. Each makes its key at its own site, and joins.');
    for (const name of NAMES) await this.join(name);
    print('# They compare fingerprints by telephone, and write down each other. Between them no authority counts.');
    const fingerprints = new Map<Name, string>();
    for (const name of NAMES) fingerprints.set(name, (await this.type(name, 'fingerprint')).trim());
    for (const name of NAMES)
      for (const other of NAMES) if (name !== other) await this.know(name, other, fingerprints.get(other)!);
    for (const party of PARTIES) this.putTable(party);
    print('# Each keeps one connection to the control plane, outwards, and takes in what that offers.');
    await Promise.all(NAMES.map((name) => this.connect(name)));
  }

  /** The chain's file. */
  get chainFile(): string {
    return join(exampleFile(EXAMPLE), '..', 'at-sites.json');
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    const all = [...this.processes.values()];
    this.processes.clear();
    for (const { child } of all) child.kill('SIGTERM');
    const timer = setTimeout(() => all.forEach(({ child }) => child.kill('SIGKILL')), GRACE_MS);
    await Promise.all(all.map(({ ended }) => ended));
    clearTimeout(timer);
  }

  private async join(name: Name): Promise<void> {
    const invitation = join(this.options.folder, `invitation-of-${name}`);
    rmSync(invitation, { force: true });
    const dealer = name === DEALER ? ['--dealer'] : [];
    await this.options.owners.type('admin', 'parties', 'invite', name, ...dealer, '--out', shownPath(invitation));
    const listen = NAMES.some((other) => CONNECTS[other].includes(name)) ? `127.0.0.1:${await freePort()}` : undefined;
    const folder = new NodeFolder(this.folder(name));
    const mark = join(folder.path, MARK);
    if (await folder.exists()) {
      if (!existsSync(mark))
        throw new Error(`${folder.path} is a site that the demo did not make: set another DATA_DIR`);
      // Of an earlier run: its port may be another's by now.
      await folder.write({ ...(await folder.read()), ...(listen !== undefined && { listen }), peers: {} });
    }
    const where = listen === undefined ? [] : ['--listen', listen];
    await this.type(name, 'join', this.options.url, '--invitation', shownPath(invitation), ...where);
    rmSync(invitation, { force: true });
    writeFileSync(mark, '');
  }

  private async know(name: Name, other: Name, fingerprint: string): Promise<void> {
    const { listen } = await new NodeFolder(this.folder(other)).read();
    const address = CONNECTS[name].includes(other) ? ['--address', listen!] : [];
    await this.type(name, 'peers', 'add', other, fingerprint, ...address, ...(other === DEALER ? ['--dealer'] : []));
  }

  private putTable(party: (typeof PARTIES)[number]): void {
    const text = readFileSync(join(exampleFile(EXAMPLE), '..', party, TABLE), 'utf8');
    const table = plantCanaries(text, this.word, party, [LABEL]);
    this.tables.push(table);
    const folder = join(this.folder(party), 'data', party);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, TABLE), table.text);
  }

  /** Starts the process of a site. Resolves once it is connected. */
  private connect(name: Name): Promise<void> {
    const args = ['connect', this.options.uplink, '--folder', shownPath(this.folder(name))];
    this.show(name, args);
    const child = guarded(
      () => spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] }),
      'TERM',
    );
    const log = createWriteStream(join(this.options.folder, `${name}.log`), { flags: 'a' });
    const ended = new Promise((resolve) => child.once('close', resolve));
    this.processes.set(name, { child, ended });
    let last = '';
    void ended.then((code) => {
      log.end();
      if (this.processes.has(name)) this.fail(new Error(`the site of ${name} ended with ${String(code)}: ${last}`));
    });
    return new Promise((connected) => {
      createInterface({ input: child.stderr! }).on('line', (line) => {
        log.write(`${line}\n`);
        last = line;
        if (line.startsWith('connected to')) connected();
        const hash = /(sha256:[0-9a-f]{64}) waits for you/.exec(line)?.[1];
        if (hash !== undefined) this.decide(name, hash);
      });
    });
  }

  /** The person at a site looks at a task, and accepts it. One after the other, so that what they type can be read. */
  private decide(name: Name, hash: string): void {
    this.deciding = this.deciding
      .then(async () => {
        const words = (await this.type(name, 'approvals', 'show', hash)).split('\n');
        for (const line of words.slice(0, 2)) this.options.print(`  ${line}`);
        await this.type(name, 'approvals', 'accept', hash);
      })
      .catch((error: unknown) => this.fail(error as Error));
  }

  /** Runs a command at a site, and returns what it wrote. Throws where it fails. */
  private async type(name: Name, ...args: string[]): Promise<string> {
    const all = [...args, '--folder', shownPath(this.folder(name))];
    this.show(name, all);
    let [out, err] = ['', ''];
    const code = await run(all, {
      out: (text) => (out += text),
      err: (text) => (err += text),
      signal: new AbortController().signal,
    });
    if (code !== 0) throw new Error(`task-chain-node at ${name} ended with ${code}: ${err.trim()}`);
    return out;
  }

  private show(name: Name, args: readonly string[]): void {
    if (this.isStopped) throw new Error('the sites were stopped');
    this.options.print(`${name}$ task-chain-node ${args.join(' ')}`);
  }

  private folder(name: Name): string {
    return join(this.options.folder, name);
  }
}

import { Command, CommanderError } from 'commander';
import { TaskFailure } from '#libs/compute';
import { FINGERPRINT, ownFingerprint, PeerFault } from '#libs/peers';
import { addressOf, NodeFolder, type KnownPeer } from './node-folder.js';
import { addApprovalCommands } from './approval-commands.js';
import { addCatalogueCommands } from './catalogue-commands.js';
import { addEngineCommands } from './engine-commands.js';
import { addJoinCommands } from './join-commands.js';
import { addLogCommands } from './log-commands.js';
import { addRunCommands } from './run-commands.js';
import { Refusal } from './refusal.js';
import { withStore } from './site-store.js';
import { addTaskCommands } from './task-commands.js';
import { plain, printable, type Terminal } from './terminal.js';

/** The exit codes of task-chain that fit. */
const EXIT = { OK: 0, BUG: 1, USAGE: 2, FAILURE: 4, INTERRUPTED: 130 } as const;

/** Runs the program with these arguments and returns its exit code. Never throws. */
export async function run(args: readonly string[], { out, err, signal }: Terminal): Promise<number> {
  const terminal = { out: (text: string) => out(printable(text)), err: (text: string) => err(printable(text)), signal };
  try {
    await programOf(terminal).parseAsync(args, { from: 'user' });
    return EXIT.OK;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
    if (signal.aborted) return EXIT.INTERRUPTED;
    if (error instanceof Refusal) {
      terminal.err(`${plain(error.message)}\n`);
      return EXIT.USAGE;
    }
    if (error instanceof TaskFailure || error instanceof PeerFault) {
      terminal.err(`${error.code}: ${plain(error.message)}\n`);
      return EXIT.FAILURE;
    }
    terminal.err(`${(error as Error).stack ?? String(error)}\n`);
    return EXIT.BUG;
  }
}

function programOf({ out, err, signal }: Terminal): Command {
  const program = new Command('task-chain-node')
    .description('Takes part in tasks of several parties at its own site, with keys that the sites have compared.')
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: err });
  const folderOf = (command: Command): NodeFolder =>
    new NodeFolder(command.optsWithGlobals<{ folder: string }>().folder);
  const withFolder = (command: Command): Command =>
    command.requiredOption('--folder <path>', 'the folder of this site');

  withFolder(program.command('init <name>'))
    .description('make the folder of a site, with a new key')
    .option('--dealer', 'the site of a dealer, which has no tables')
    .option('--listen <host:port>', 'where other sites connect to it')
    .action(
      async (name: string, { dealer = false, listen }: { dealer?: boolean; listen?: string }, command: Command) => {
        if (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(name)) throw new Refusal(`${name} is no name for a site.`);
        if (listen !== undefined) addressOf(listen);
        const folder = folderOf(command);
        const fingerprint = await folder.init({ name, dealer, ...(listen !== undefined && { listen }) });
        out(`${fingerprint}\n`);
        err(`The fingerprint of ${name}, in ${folder.path}. Tell it to the others, and compare it by telephone:\n`);
        err(`${grouped(fingerprint)}\n`);
      },
    );

  withFolder(program.command('fingerprint'))
    .description("show the fingerprint of this site's key")
    .action(async (_: unknown, command: Command) => {
      out(`${ownFingerprint(await folderOf(command).identity())}\n`);
    });

  addJoinCommands(program, withFolder, { out, err, signal });
  addApprovalCommands(program, withFolder, { out, err, signal });
  addRunCommands(program, withFolder, { out, err, signal });
  addLogCommands(program, withFolder, { out, err });
  addCatalogueCommands(program, withFolder, { out });

  const peers = program.command('peers').description('the sites that this one knows');
  withFolder(peers.command('add <name> <fingerprint>'))
    .description('write down the key of another site, which was compared with a person there')
    .option('--address <host:port>', 'where this site connects to it; leave it out where it connects to this site')
    .option('--relay', 'neither can reach the other: both say this, and meet over the relay of the control plane')
    .option('--dealer', 'it is a dealer')
    .action(
      async (
        name: string,
        fingerprint: string,
        options: { address?: string; relay?: true; dealer?: true },
        command: Command,
      ) => {
        if (!FINGERPRINT.test(fingerprint)) throw new Refusal('A fingerprint is sha256: and 64 hex digits.');
        if (options.address !== undefined) addressOf(options.address);
        if (options.address !== undefined && options.relay)
          throw new Refusal('Say --address, where this site connects to it, or --relay.');
        const folder = folderOf(command);
        const file = await folder.read();
        if (Object.hasOwn(file.peers, name)) {
          const same = file.peers[name]!.fingerprint === fingerprint;
          const hint = same ? 'Remove it first.' : 'It has another key. Ask why before you remove the old one.';
          throw new Refusal(`This site knows a ${name} already. ${hint}`);
        }
        const known = Object.entries(file.peers).find(([, peer]) => peer.fingerprint === fingerprint)?.[0];
        if (known !== undefined) throw new Refusal(`That is the key of ${known}.`);
        if (fingerprint === ownFingerprint(await folder.identity())) throw new Refusal('That is the key of this site.');
        const { address, relay, dealer } = options;
        const peer: KnownPeer = {
          ...{ fingerprint, ...(address !== undefined && { address }) },
          ...{ ...(relay && { relay }), ...(dealer && { dealer }) },
        };
        await withStore(folder.path, (store) => store.note('peer added', { name, ...peer }));
        await folder.write({ ...file, peers: { ...file.peers, [name]: peer } });
      },
    );
  withFolder(peers.command('rm <name>'))
    .description('forget a site')
    .action(async (name: string, _: unknown, command: Command) => {
      const folder = folderOf(command);
      const file = await folder.read();
      if (!Object.hasOwn(file.peers, name)) throw new Refusal(`This site knows no ${name}.`);
      const left = Object.entries(file.peers).filter(([each]) => each !== name);
      const { fingerprint } = file.peers[name]!;
      await withStore(folder.path, (store) => store.note('peer removed', { name, fingerprint }));
      await folder.write({ ...file, peers: Object.fromEntries(left) });
    });
  withFolder(peers.command('ls'))
    .description('list them')
    .action(async (_: unknown, command: Command) => {
      for (const [name, { fingerprint, address, relay, dealer }] of Object.entries(
        (await folderOf(command).read()).peers,
      )) {
        const way = address ?? (relay ? 'over the relay' : 'connects to this site');
        out(`${name}  ${fingerprint}  ${way}${dealer ? '  dealer' : ''}\n`);
      }
    });

  addEngineCommands(program, withFolder, folderOf);
  addTaskCommands(program, withFolder, { out, err, signal });
  return program;
}

/** A fingerprint in groups of four, to read out. */
const grouped = (fingerprint: string): string => fingerprint.slice('sha256:'.length).match(/.{4}/g)!.join(' ');

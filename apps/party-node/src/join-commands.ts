import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { admitted, controlPlaneUrl, join, readInvitation, renew } from './admission.js';
import { keepConnected } from './connect.js';
import { addressOf, NodeFolder } from './node-folder.js';
import { takeAlone } from './one-connect.js';
import { Refusal } from './refusal.js';
import { SiteStore } from './site-store.js';
import { software } from './software.js';
import { SiteOffers, type SiteOffersOptions } from './site-offers.js';
import { startOffer } from './start-offer.js';
import { plain, type Terminal } from './terminal.js';

/** join, renew and connect. */
export function addJoinCommands(
  program: Command,
  withFolder: (command: Command) => Command,
  { out, err, signal }: Terminal,
): void {
  withFolder(program.command('join <url>'))
    .description(
      'join a control plane by an invitation; makes the folder of the site, with a new key, where there is none',
    )
    .requiredOption('--invitation <file>', 'the file with the token that was given to you; - for stdin')
    .option('--listen <host:port>', 'where other sites connect to it')
    .option('--if-needed', 'do nothing where this site has joined it, and its certificate has not ended')
    .action(async (url: string, options: JoinOptions) => {
      const { listen, ifNeeded = false } = options;
      if (listen !== undefined) addressOf(listen);
      const server = controlPlaneUrl(url);
      const before = ifNeeded ? await admitted(new NodeFolder(options.folder)) : undefined;
      if (before) {
        if (new URL(before.url).href !== new URL(server).href)
          throw new Refusal(
            `This site has joined ${before.url}, not ${server}. If that is the same control plane at another URL, put it at control_plane.url of ${options.folder}/node.json. To join another one, leave out --if-needed, and use an invitation of it.`,
          );
        return out(`It has joined ${before.url}. Its certificate ends at ${before.ends}.\n`);
      }
      const invitation = readInvitation(await textOf(options.invitation));
      const { name } = invitation.subject;
      const folder = new NodeFolder(options.folder);
      if (!(await folder.exists()))
        await folder.init({ name, dealer: invitation.dealer, ...(listen !== undefined && { listen }) });
      const file = await folder.read();
      if (file.name !== name || file.dealer !== invitation.dealer)
        throw new Refusal(`${folder.path} is the site of ${file.name}, and the invitation is for ${name}.`);
      const ends = await join(folder, server, invitation, signal);
      out(`${name} has joined ${server}. Its certificate ends at ${ends}.\n`);
      err(
        'It admits this site to the control plane alone. Compare the fingerprint with each other site by telephone.\n',
      );
    });

  withFolder(program.command('renew'))
    .description(
      'renew the certificate that admits this site, where it ends within 10 days; also says whether the site still counts',
    )
    .action(async ({ folder }: { folder: string }) => out(`${await renew(new NodeFolder(folder), signal)}\n`));

  withFolder(program.command('connect <host:port>'))
    .description(
      'keep the connection of this site to the control plane that it has joined, and run the tasks that it offers and a person here accepts, until it is stopped; renews its certificate in time',
    )
    .option(
      '--stay',
      'where a person has to act, say so and do nothing more until it is stopped: for what starts it again whenever it ends',
    )
    .action(async (at: string, options: { folder: string; stay?: boolean }) => {
      addressOf(at);
      const work = (): Promise<void> => connect(options.folder, at, { err, signal });
      if (options.stay) await orStay(work, { err, signal });
      else await work();
    });
}

interface JoinOptions {
  readonly folder: string;
  readonly invitation: string;
  readonly listen?: string;
  readonly ifNeeded?: boolean;
}

/** Keeps the connection of a site until it is stopped. Throws Refusal where a person has to act. */
async function connect(path: string, at: string, { err, signal }: Pick<Terminal, 'err' | 'signal'>): Promise<void> {
  const folder = new NodeFolder(path);
  const file = await folder.read();
  const log = (message: string): void => err(`${plain(message)}\n`);
  const store = SiteStore.open(folder.path);
  const start: SiteOffersOptions['start'] = ({ run }, progress, relay = at) =>
    startOffer(folder, run, relay, progress, log);
  const offers = new SiteOffers({ store, folder, file, start, log });
  const leave = await takeAlone(folder.path).catch((error: unknown) => {
    store.close();
    throw error;
  });
  try {
    offers.open();
    await keepConnected({ folder, address: addressOf(at), software, signal, log, offers });
  } finally {
    await offers.close();
    store.close();
    await leave();
  }
}

/** Stays where a person has to act, until it is stopped. */
async function orStay(work: () => Promise<void>, { err, signal }: Pick<Terminal, 'err' | 'signal'>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    err(
      `${plain(error.message)}\nA person has to act. Nothing more is done until this is stopped, and started again.\n`,
    );
    while (!signal.aborted) await delay(HOUR_MS, undefined, { signal }).catch(() => undefined);
  }
}

const HOUR_MS = 3_600_000;

async function textOf(path: string): Promise<string> {
  if (path !== '-') {
    return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new Refusal(`${path} cannot be read (${error.code ?? 'unknown'}).`);
    });
  }
  let text = '';
  for await (const chunk of process.stdin) text += String(chunk);
  return text;
}

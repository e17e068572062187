import { Argument, type Command, Option } from 'commander';
import { ProblemError } from '#client';
import type { PartyStatement } from '#libs/consent';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { pairsOf, tableOf } from '../output.js';
import { OwnerFolder, type OwnerFile } from '../owner/owner-folder.js';
import { readKey } from '../owner/signing-key.js';
import { StatementBook, type SignFlags } from '../owner/statement-book.js';
import type { Act, Session } from '../session.js';
import { withExample } from './example.js';
import { addInviteCommand } from './nodes.js';
import { signOptions } from './sign-options.js';

interface KeygenFlags {
  readonly out: string;
  readonly approvals: OwnerFile['approvals'];
  readonly rotate?: true;
}

interface ClaimFlags {
  readonly key: string;
  readonly folder: string;
  readonly name?: string;
  readonly contact?: string;
  readonly offline?: true;
}

/** parties keygen, retire, claim, invite, ls, show and recipients. */
export function addPartyCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const parties = program.command('parties').helpCommand(false).description(say('parties, and who owns their data'));
  const partyArgument = () => new Argument('<party>', say('name of a party'));
  addOwnerFileCommands(parties, partyArgument, session, act);
  addInviteCommand(parties, partyArgument, session, act, (party) => register(session, party, {}));
  withExample(
    parties
      .command('ls')
      .description(say('list parties'))
      .action(
        act(async () => {
          const { items } = await session.client.listParties();
          session.answer(items, () =>
            tableOf(
              [
                ['PARTY', (each) => each.party],
                ['NAME', (each) => each.name],
                ['CONTACT', (each) => each.contact],
              ],
              items,
            ),
          );
        }),
      ),
    'task-chain parties ls',
    say,
  );
  withExample(
    parties
      .command('show')
      .description(say('show a party'))
      .addArgument(partyArgument())
      .action(
        act(async (party: string) => {
          const found = await session.client.getParty({ path: { party } });
          session.answer(found, () =>
            pairsOf([
              ['party', found.party],
              ['name', found.name],
              ['contact', found.contact],
              ['created', found.created_at],
            ]),
          );
        }),
      ),
    'task-chain parties show bank-a',
    say,
  );
  withExample(
    signOptions(
      parties
        .command('recipients')
        .description(say('the keys (age1…) that files of a party may be encrypted to'))
        .addArgument(partyArgument())
        .addArgument(new Argument('<action>', say('ls, add or rm')).choices(['ls', 'add', 'rm']))
        .argument('[recipients...]', say('age1… keys to add or to remove')),
      say,
    ).action(act((...args: [string, ListAction, string[], SignFlags]) => changeRecipients(session, ...args))),
    'task-chain parties recipients bank-a add age1qtfw50puce2vh2gthyz6scnteddde83pvunkz9qkpu68f0h0r59q2t5qha --key ~/bank-a/bank-a.key',
    say,
  );
}

function addOwnerFileCommands(parties: Command, partyArgument: () => Argument, session: Session, act: Act): void {
  const { say } = session;
  withExample(
    parties
      .command('readers')
      .description(say('the keys (age1…) of those who read what is opened to a party alone; then claim again'))
      .addArgument(partyArgument())
      .addArgument(new Argument('<action>', say('ls, add or rm')).choices(['ls', 'add', 'rm']))
      .argument('[readers...]', say('age1… keys to add or to remove'))
      .requiredOption('--out <folder>', say('the folder that keygen wrote'))
      .action(
        act(async (party: string, action: ListAction, named: string[], { out }: { out: string }) => {
          requireRecipients(action, named, session);
          const folder = new OwnerFolder(out, session);
          const { readers: before = [] } = await folder.readOf(party);
          const readers = changed(before, action, named);
          if (action !== 'ls') await folder.setReaders(party, readers);
          session.answer({ party, readers }, () =>
            readers.length > 0 ? readers : [say('{party} has no readers.', { party })],
          );
        }),
      ),
    'task-chain parties readers bank-a add age1qtfw50puce2vh2gthyz6scnteddde83pvunkz9qkpu68f0h0r59q2t5qha --out ~/bank-a',
    say,
  );
  withExample(
    parties
      .command('keygen')
      .description(say("make an owner's key pair on this machine; nothing is sent"))
      .addArgument(partyArgument())
      .requiredOption('--out <folder>', say('where the private key and .party are written'))
      .addOption(
        new Option('--approvals <mode>', say('signed, or server: the operator is trusted to state approvals'))
          .choices(['signed', 'server'])
          .default('signed'),
      )
      .option('--rotate', say('add a key to the existing owner.json'))
      .action(
        act(async (party: string, { out, approvals, rotate }: KeygenFlags) => {
          requireParty(party, session);
          const folder = new OwnerFolder(out, session);
          const made = await (rotate ? folder.rotate(party) : folder.create(party, approvals));
          const { file, owner } = made;
          const readerFile = 'readerFile' in made ? made.readerFile : undefined;
          const { kid } = owner.keys.at(-1)!;
          const answer = { party, key_file: file, kid, approvals: owner.approvals, reader_key_file: readerFile };
          session.answer(answer, () => [
            ...pairsOf([
              ['party', party],
              [say('private key'), file],
              [say("reader's key"), readerFile],
              [say('key id'), kid],
              [say('approvals'), owner.approvals],
            ]),
            say('Keep a copy of {folder} offline. Then: {command}', {
              folder: out,
              command: `task-chain parties claim ${party} --key ${file} --folder <DATA_ROOT>/${party}`,
            }),
          ]);
        }),
      ),
    'task-chain parties keygen bank-a --out ~/bank-a',
    say,
  );
  withExample(
    parties
      .command('retire')
      .description(say('remove a public key from owner.json; after the next claim, what it signed is void'))
      .addArgument(partyArgument())
      .argument('<kid>', say('id of a signing key'))
      .requiredOption('--out <folder>', say('the folder that keygen wrote'))
      .action(
        act(async (party: string, kid: string, { out }: { out: string }) => {
          const owner = await new OwnerFolder(out, session).retire(party, kid);
          session.answer({ party, keys: owner.keys.map((key) => key.kid) }, () => [
            say('{party} keeps these keys: {names}', { party, names: owner.keys.map((key) => key.kid).join(', ') }),
          ]);
        }),
      ),
    'task-chain parties retire bank-a sbJ9vY3TnRkqQFJYdmrnVKAlMCIfFYFPZdFSzsKA3sU --out ~/bank-a',
    say,
  );
  withExample(
    parties
      .command('claim')
      .description(say("put .party into the party's data folder, and register the party"))
      .addArgument(partyArgument())
      .requiredOption('--key <file>', say('the private key that keygen wrote, with .party beside it'))
      .requiredOption('--folder <folder>', say('the folder of the party, below DATA_ROOT'))
      .option('--name <text>', say('display name of the party'))
      .option('--contact <text>', say('contact for questions about its data'))
      .option('--offline', say('write the files, and ask no server'))
      .action(act((party: string, flags: ClaimFlags) => claim(session, party, flags))),
    'task-chain parties claim bank-a --key ~/bank-a/bank-a.key --folder .data/tables/bank-a',
    say,
  );
}

async function claim(session: Session, party: string, flags: ClaimFlags): Promise<void> {
  const { say } = session;
  const key = await readKey(flags.key, session);
  if (key.party !== party) {
    const message = say('The key belongs to the party {found}, not to {wanted}.', {
      found: key.party,
      wanted: party,
    });
    throw new Failure(EXIT.USAGE, message);
  }
  const owner = await new OwnerFolder(flags.folder, session).claim(key);
  const isNew = flags.offline ? false : await register(session, party, flags);
  session.answer({ party, folder: flags.folder, approvals: owner.approvals, registered: isNew }, () => [
    say('{folder} is claimed: its files open as the owner of {party} allows.', { folder: flags.folder, party }),
    ...(isNew ? [say('{party} is registered.', { party })] : []),
  ]);
}

/** Whether the party was not registered before. */
async function register(
  session: Session,
  party: string,
  { name, contact }: Pick<ClaimFlags, 'name' | 'contact'>,
): Promise<boolean> {
  const api = session.client;
  try {
    await api.getParty({ path: { party } });
    return false;
  } catch (error) {
    if (!(error instanceof ProblemError) || error.status !== 404) throw error;
  }
  await api.createParty({ body: { party, name: name ?? party, ...(contact !== undefined && { contact }) } });
  return true;
}

type ListAction = 'ls' | 'add' | 'rm';

/** Throws where the words do not fit the action, or are no public keys. */
function requireRecipients(action: ListAction, named: readonly string[], { say }: Session): void {
  if ((action === 'ls') === named.length > 0) {
    throw new Failure(EXIT.USAGE, say('ls takes no keys; add and rm take one or more.'));
  }
  const stranger = named.find((each) => !/^age1[a-z0-9]+$/.test(each));
  if (stranger === undefined) return;
  throw new Failure(EXIT.USAGE, say('{recipient} is no public key such as age1…', { recipient: stranger }));
}

function changed(before: readonly string[], action: ListAction, named: readonly string[]): readonly string[] {
  if (action === 'add') return [...new Set([...before, ...named])];
  return action === 'rm' ? before.filter((each) => !named.includes(each)) : before;
}

async function changeRecipients(
  session: Session,
  party: string,
  action: ListAction,
  named: readonly string[],
  flags: SignFlags,
): Promise<void> {
  const { say } = session;
  requireRecipients(action, named, session);
  const book = await StatementBook.open(session, flags, party);
  const recipients = changed((await book.list<PartyStatement>('party'))[0]?.recipients ?? [], action, named);
  if (action !== 'ls') await book.put<PartyStatement>({ kind: 'party', recipients });
  session.answer({ party, recipients }, () =>
    recipients.length > 0 ? recipients : [say('{party} has no recipients.', { party })],
  );
}

function requireParty(party: string, { say }: Session): void {
  if (/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(party)) return;
  const message = say('{party} is not the name of a party: letters, digits, "_" and "-", a letter first.', { party });
  throw new Failure(EXIT.USAGE, message);
}

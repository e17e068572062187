import { type Argument, type Command } from 'commander';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { pairsOf, tableOf } from '../output.js';
import type { Act, Session } from '../session.js';
import { withExample } from './example.js';
import { natural } from './numbers.js';
import { madeWithSecret } from './shown-once.js';

interface InviteFlags {
  readonly dealer?: boolean;
  readonly expiresInMinutes: number;
  readonly out?: string;
}

/** parties invite. `register` makes the party where there is none. */
export function addInviteCommand(
  parties: Command,
  partyArgument: () => Argument,
  session: Session,
  act: Act,
  register: (party: string) => Promise<boolean>,
): void {
  const { say } = session;
  withExample(
    parties
      .command('invite')
      .description(say('invite a party to join with its own site; the token is shown once, and counts once'))
      .addArgument(partyArgument())
      .option('--dealer', say('it joins as a dealer, which has no tables'))
      .option('--expires-in-minutes <minutes>', say('how long it is valid'), natural, 60)
      .option('-O, --out <file>', say('write the token to this new file, which you alone may read, and do not show it'))
      .action(
        act(async (party: string, { dealer = false, expiresInMinutes, out }: InviteFlags) => {
          await register(party);
          const body = { dealer, expires_in_minutes: expiresInMinutes };
          const { token, ...made } = await madeWithSecret(
            out,
            () => session.client.inviteNode({ path: { party }, body }),
            (invitation) => invitation.token,
          );
          session.answer({ ...made, ...(out === undefined ? { token } : { token_file: out }) }, () =>
            pairsOf([
              ['party', made.party],
              ['expires', made.expires_at],
              out === undefined ? ['token', token] : [say('token in'), out],
            ]),
          );
        }),
      ),
    'task-chain parties invite bank-a --out invitation.txt',
    say,
  );
}

// Servers of older releases do not say everything.
const yesOrNo = (is: boolean | undefined): string | undefined => (is === undefined ? undefined : is ? 'yes' : 'no');
const milliseconds = (ms: number | null | undefined): string | undefined =>
  typeof ms === 'number' ? `${ms.toFixed(1)} ms` : undefined;

/** nodes ls and revoke. */
export function addNodeCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const nodes = program.command('nodes').helpCommand(false).description(say('sites of parties and dealers'));
  nodes
    .command('ls')
    .description(say('list sites'))
    .action(
      act(async () => {
        const { items } = await session.client.listNodes();
        session.answer(items, () =>
          tableOf(
            [
              ['PARTY', (each) => each.party],
              ['ROLE', (each) => (each.dealer ? 'dealer' : 'party')],
              ['JOINED', (each) => each.joined_at],
              ['EXPIRES', (each) => each.expires_at],
              ['REVOKED', (each) => each.revoked_at],
              ['CONNECTED', (each) => yesOrNo(each.connected)],
              ['SEEN', (each) => each.last_seen_at],
              ['PROTOCOL', (each) => each.protocol_version],
              ['SOFTWARE', (each) => each.software_version],
              ['ROUND TRIP', (each) => milliseconds(each.round_trip_ms)],
              ['FINGERPRINT', (each) => each.fingerprint],
            ],
            items,
          ),
        );
      }),
    );
  nodes
    .command('revoke')
    .description(say('revoke the site of a party; its key never joins again'))
    .argument('<party>', say('name of a party'))
    .requiredOption('--confirm <party>', say('the party again'))
    .action(
      act(async (party: string, { confirm }: { confirm: string }) => {
        if (confirm !== party) throw new Failure(EXIT.USAGE, say('Nothing was revoked: repeat the name of the party.'));
        const { node } = await session.client.revokeNode({ path: { party }, query: { confirm } });
        session.answer(node, () => [say('The site of {party} is revoked.', { party })]);
      }),
    );
}

import { createInterface } from 'node:readline';
import { type Command, Option } from 'commander';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { pairsOf, tableOf } from '../output.js';
import type { Act, Session } from '../session.js';
import { natural } from './numbers.js';
import { madeWithSecret } from './shown-once.js';

const ROLES = ['viewer', 'operator', 'author', 'admin'] as const;

interface CreateFlags {
  readonly role: (typeof ROLES)[number];
  readonly party?: string;
  readonly expiresInDays: number;
  readonly out?: string;
}

/** keys ls, create, revoke and restore. */
export function addKeyCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const keys = program.command('keys').helpCommand(false).description(say('API keys, for admins'));
  keys
    .command('ls')
    .description(say('list keys'))
    .action(
      act(async () => {
        const { items } = await session.client.listKeys();
        session.answer(items, () =>
          tableOf(
            [
              ['KEY', (key) => key.key_id],
              ['NAME', (key) => key.name],
              ['ROLE', (key) => key.role],
              ['PARTY', (key) => key.party],
              ['EXPIRES', (key) => key.expires_at],
              ['REVOKED', (key) => key.revoked_at],
              ['LAST USED', (key) => key.last_used_at],
            ],
            items,
          ),
        );
      }),
    );
  keys
    .command('create')
    .description(say('create a key; it is shown once'))
    .argument('<name>', say('its purpose'))
    .addOption(new Option('--role <role>', say('what it may do')).choices(ROLES).makeOptionMandatory())
    .option('--party <party>', say('the party that it belongs to'))
    .option('--expires-in-days <days>', say('how long it is valid'), natural, 365)
    .option('-O, --out <file>', say('write the key to this new file, which you alone may read, and do not show it'))
    .action(act((name: string, flags: CreateFlags) => create(session, name, flags)));
  keys
    .command('revoke')
    .description(say('revoke a key'))
    .argument('<key>', say('id of a key'))
    .option('--confirm <key>', say('the id again; without it the command asks at the terminal'))
    .action(
      act(async (key_id: string, { confirm }: { confirm?: string }) => {
        const named = confirm ?? (await askAgain(key_id, session));
        if (named !== key_id) {
          const hint = `task-chain keys revoke ${key_id} --confirm ${key_id}`;
          throw new Failure(EXIT.USAGE, say('Nothing was revoked: repeat the id of the key.'), { hint });
        }
        await session.client.revokeKey({ path: { key_id }, query: { confirm: named } });
        session.answer({ key_id, revoked: true }, () => [
          say('{key} is revoked. It can be restored within a day: task-chain keys restore {key}', { key: key_id }),
        ]);
      }),
    );
  keys
    .command('restore')
    .description(say('restore a key within a day after it was revoked'))
    .argument('<key>', say('id of a key'))
    .action(
      act(async (key_id: string) => {
        const restored = await session.client.restoreKey({ path: { key_id } });
        session.answer(restored, () => [say('{key} is restored.', { key: key_id })]);
      }),
    );
}

async function create(session: Session, name: string, flags: CreateFlags): Promise<void> {
  const { role, party, expiresInDays, out } = flags;
  const body = { name, role, expires_in_days: expiresInDays, ...(party !== undefined && { party }) };
  const { key, ...made } = await madeWithSecret(
    out,
    () => session.client.createKey({ body }),
    (created) => created.key,
  );
  session.answer({ ...made, ...(out === undefined ? { key } : { key_file: out }) }, () =>
    pairsOf([
      ['id', made.key_id],
      ['role', made.role],
      ['party', made.party],
      ['expires', made.expires_at],
      out === undefined ? ['key', key] : [session.say('key in'), out],
    ]),
  );
}

/** The id that is typed again at the terminal; undefined without a terminal. */
async function askAgain(key: string, { shell, say }: Session): Promise<string | undefined> {
  if (!shell.stdin.isTTY) return undefined;
  shell.stderr.write(say('Clients that use {key} are refused within 5 s. Repeat its id: ', { key }));
  for await (const line of createInterface({ input: shell.stdin })) return line.trim();
  return undefined;
}

import { type Command, Option } from 'commander';
import { pairsOf, tableOf } from '../output.js';
import type { Act, Session } from '../session.js';
import { natural } from './numbers.js';

const ROLES = ['viewer', 'operator', 'author', 'admin'] as const;

/** keys ls, create and revoke. */
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
    .description(say('make a key; it is shown once'))
    .argument('<name>', say('what it is for'))
    .addOption(new Option('--role <role>', say('what it may do')).choices(ROLES).makeOptionMandatory())
    .option('--expires-in-days <days>', say('how long it is good'), natural, 365)
    .action(
      act(async (name: string, { role, expiresInDays }: { role: (typeof ROLES)[number]; expiresInDays: number }) => {
        const made = await session.client.createKey({ body: { name, role, expires_in_days: expiresInDays } });
        session.answer(made, () =>
          pairsOf([
            ['id', made.key_id],
            ['role', made.role],
            ['expires', made.expires_at],
            ['key', made.key],
          ]),
        );
      }),
    );
  keys
    .command('revoke')
    .description(say('end a key'))
    .argument('<key>', say('id of a key'))
    .action(
      act(async (key_id: string) => {
        await session.client.revokeKey({ path: { key_id }, query: { confirm: key_id } });
        session.answer({ key_id, revoked: true }, () => [say('{key} is revoked.', { key: key_id })]);
      }),
    );
}

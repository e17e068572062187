import { open } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import type { SecretDto } from '#client';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { pairsOf, tableOf } from '../output.js';
import type { Act, Session } from '../session.js';

interface SetFlags {
  readonly type?: string[];
  readonly key?: string[];
  readonly adminsOnly?: true;
}

/** secrets set, ls, show, rm, restore and keygen. */
export function addSecretCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const secrets = program
    .command('secrets')
    .helpCommand(false)
    .description(say('values that tasks name and nobody reads'));
  secrets
    .command('set')
    .description(say('store a secret; its value comes from standard input, without the last line feed'))
    .argument('<name>', say('name of a secret'))
    .option('--type <types...>', say('the task types that may use it; * is all'))
    .option('--key <keys...>', say('ids of the keys that may use it, beside those of admins; * is all'))
    .option('--admins-only', say('no key may use it but those of admins'))
    .action(
      act(async (name: string, { type, key, adminsOnly }: SetFlags) => {
        const value = (await text(session.shell.stdin)).replace(/\r?\n$/, '');
        const keys = adminsOnly ? [] : key;
        const body = { value, ...(type && { task_types: type }), ...(keys && { keys }) };
        const stored = await session.client.putSecret({ path: { name }, body });
        session.answer(stored, () => secretLines(stored, session));
      }),
    );
  secrets
    .command('ls')
    .description(say('list secrets, without their values'))
    .action(
      act(async () => {
        const { items } = await session.client.listSecrets();
        session.answer(items, () =>
          tableOf(
            [
              ['NAME', (each) => each.name],
              ['TYPES', (each) => each.task_types.join(' ')],
              ['KEYS', (each) => each.keys.join(' ') || say('admins')],
              ['SET', (each) => each.updated_at],
              ['BY', (each) => each.updated_by],
            ],
            items,
          ),
        );
      }),
    );
  secrets
    .command('show')
    .description(say('show who may use a secret, not its value'))
    .argument('<name>', say('name of a secret'))
    .action(
      act(async (name: string) => {
        const { items } = await session.client.listSecrets();
        const found = items.find((each) => each.name === name);
        if (found === undefined) {
          const hint = say('List them with: task-chain secrets ls');
          throw new Failure(EXIT.NOT_FOUND, say('There is no secret {name}.', { name }), { hint });
        }
        session.answer(found, () => secretLines(found, session));
      }),
    );
  secrets
    .command('restore')
    .description(say('restore a secret within a day after it was removed'))
    .argument('<name>', say('name of a secret'))
    .action(
      act(async (name: string) => {
        const restored = await session.client.restoreSecret({ path: { name } });
        session.answer(restored, () => secretLines(restored, session));
      }),
    );
  secrets
    .command('rm')
    .description(say('remove a secret; for a day it can be restored'))
    .argument('<name>', say('name of a secret'))
    .requiredOption('--confirm <name>', say('the name again'))
    .action(
      act(async (name: string, { confirm }: { confirm: string }) => {
        const removed = await session.client.deleteSecret({ path: { name }, query: { confirm } });
        session.answer(removed, () => [say('{name} is removed.', { name })]);
      }),
    );
  secrets
    .command('keygen')
    .description(say('make the pair that secrets are sealed and opened by'))
    .requiredOption('--out <file>', say('a new file for the private key, which only workers may have'))
    .action(
      act(async ({ out }: { out: string }) => {
        const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
        const privateKey = await generateX25519Identity();
        const publicKey = await identityToRecipient(privateKey);
        const handle = await open(out, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error;
          throw new Failure(EXIT.CONFLICT, say('{file} already exists. A key is never replaced.', { file: out }));
        });
        try {
          await handle.writeFile(`# public key: ${publicKey}\n${privateKey}\n`);
          await handle.sync();
        } finally {
          await handle.close();
        }
        session.answer({ public_key: publicKey, private_key_file: out }, () =>
          pairsOf([
            ['SECRETS_PUBLIC_KEY', publicKey],
            ['SECRETS_PRIVATE_KEY_FILE', out],
          ]),
        );
      }),
    );
}

function secretLines(secret: SecretDto, { say }: Session): string[] {
  return pairsOf([
    ['name', secret.name],
    ['types', secret.task_types.join(' ')],
    ['keys', secret.keys.join(' ') || say('admins')],
    ['set', secret.updated_at],
    ['by', secret.updated_by],
  ]);
}

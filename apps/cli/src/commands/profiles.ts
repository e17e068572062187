import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { requireKey, requireUrl } from '../connection.js';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { tableOf } from '../output.js';
import { ProfileFile } from '../profiles.js';
import type { Act, Session } from '../session.js';

interface SetFlags {
  readonly tokenStdin?: true;
  readonly tokenFile?: string;
}

/** profile set, ls, use and rm. */
export function addProfileCommands(program: Command, session: Session, act: Act): void {
  const { say, shell } = session;
  const file = () => new ProfileFile(shell.env, say);
  const profile = program.command('profile').helpCommand(false).description(say('servers and keys by name'));
  const name = say('name of a profile');
  profile
    .command('set')
    .description(say('add or change a profile; --url is its server'))
    .argument('<name>', name)
    .addOption(new Option('--token-stdin', say('read its key from standard input')).conflicts('tokenFile'))
    .option('--token-file <file>', say('read its key from this file'))
    .action(
      act(async (called: string, flags: SetFlags) => {
        const all = file().read();
        const url = program.opts<{ url?: string }>().url ?? all.profiles[called]?.url;
        if (url === undefined) throw new Failure(EXIT.USAGE, say('A profile needs a server: --url <url>'));
        const token = (await tokenOf(flags, session)) ?? all.profiles[called]?.token;
        const profiles = { ...all.profiles, [called]: { url: requireUrl(url, say), ...(token && { token }) } };
        file().write({ current: all.current ?? called, profiles });
        session.print(say('{name} is saved in {path}', { name: called, path: file().path }));
      }),
    );
  profile
    .command('ls')
    .description(say('list profiles; keys are not shown'))
    .action(
      act(() => {
        const { current, profiles } = file().read();
        const rows = Object.entries(profiles).map(([called, { url, token }]) => ({
          name: called,
          url,
          token: token !== undefined,
          current: called === current,
        }));
        session.answer(rows, () =>
          tableOf(
            [
              ['NAME', (row) => `${row.name}${row.current ? ' *' : ''}`],
              ['URL', (row) => row.url],
              ['KEY', (row) => (row.token ? say('yes') : say('no'))],
            ],
            rows,
          ),
        );
      }),
    );
  profile
    .command('use')
    .description(say('use this profile by default'))
    .argument('<name>', name)
    .action(
      act((called: string) => {
        file().find(called);
        file().write({ ...file().read(), current: called });
      }),
    );
  profile
    .command('rm')
    .description(say('remove a profile with its key'))
    .argument('<name>', name)
    .action(
      act((called: string) => {
        file().find(called);
        const { current, profiles } = file().read();
        const rest = Object.fromEntries(Object.entries(profiles).filter(([each]) => each !== called));
        file().write({ ...(current !== called && { current }), profiles: rest });
      }),
    );
}

/** A key is never an argument: every user of the machine can read the command line. */
async function tokenOf({ tokenStdin, tokenFile }: SetFlags, { shell, say }: Session): Promise<string | undefined> {
  if (!tokenStdin && tokenFile === undefined) return undefined;
  const token = tokenStdin ? await text(shell.stdin) : readFileSync(tokenFile!, 'utf8');
  return requireKey(token.trim(), tokenFile ?? 'stdin', say);
}

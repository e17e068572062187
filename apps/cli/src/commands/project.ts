import type { Command } from 'commander';
import { runProjectCommand } from '../project.js';
import { EXIT } from '../exit-codes.js';
import { failureOf } from '../explain.js';
import { clientOf } from '../connection.js';
import type { Act, Session } from '../session.js';

/** migrate, doctor and faults: what the project's own folder does. */
export function addProjectCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  program
    .command('migrate')
    .description(say('the schema of the database that DATABASE_URL names, or of npm start: run, revert or show'))
    .argument('[what]', say('run, revert or show'), 'run')
    .action(act((what: string) => runProjectCommand(['migrate', what], say)));
  program
    .command('doctor')
    .description(say('check the server, the key, and what this machine has for the engines'))
    .option('--server', say('only the server'))
    .action(
      act(async ({ server }: { server?: true }) => {
        const answers = await checkServer(session);
        if (server) return answers;
        const local = await runProjectCommand(['doctor'], say);
        return answers === EXIT.OK ? local : answers;
      }),
    );
  program
    .command('faults')
    .description(say('start a system, kill, stop and cut off its parts, and check that nothing is lost'))
    .argument('[args...]', say('as for npm run faults: --only <numbers> --backend <name> --short --seed <number>'))
    .allowUnknownOption()
    .action(act((args: string[]) => runProjectCommand(['faults', ...args], say)));
}

/** Says how the server is, and whether it takes the key. */
async function checkServer(session: Session): Promise<number> {
  const { say, connection } = session;
  session.print(say('server: {url} ({source})', connection as { url: string; source: string }));
  const client = clientOf(connection, 0);
  try {
    const { status } = await client.getReadiness();
    session.print(say('health: {status}', { status }));
    await client.listChains({ query: { page_size: 1 } });
    session.print(connection.token === undefined ? say('key: none') : say('key: accepted'));
    return EXIT.OK;
  } catch (error) {
    const failure = failureOf(error, say);
    if (failure === undefined) throw error;
    session.print(`${say('error')}: ${failure.message}`);
    if (failure.hint !== undefined) session.print(`${say('hint')}: ${failure.hint}`);
    return failure.exit;
  }
}

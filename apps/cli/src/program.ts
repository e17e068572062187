import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { completeIds } from './chain-ids.js';
import { addApprovalCommands } from './commands/approvals.js';
import { addArtifactCommands } from './commands/artifacts.js';
import { addAuditCommands } from './commands/audit.js';
import { addChainCommands } from './commands/chains.js';
import { addCompletionCommands } from './commands/completion.js';
import { addDatasetCommands } from './commands/datasets.js';
import { addEventsCommand } from './commands/events.js';
import { addGraphCommand } from './commands/graph.js';
import { addImportCommand } from './commands/import.js';
import { addKeyCommands } from './commands/keys.js';
import { addListCommand } from './commands/ls.js';
import { addLogsCommand } from './commands/logs.js';
import { addNodeCommands } from './commands/nodes.js';
import { addPartyCommands } from './commands/parties.js';
import { addPolicyCommands } from './commands/policies.js';
import { addProfileCommands } from './commands/profiles.js';
import { addProjectCommands } from './commands/project.js';
import { addReadingCommands } from './commands/reading.js';
import { addResultCommands } from './commands/results.js';
import { addScheduleCommands } from './commands/schedules.js';
import { addSecretCommands } from './commands/secrets.js';
import { addSignOffCommands } from './commands/sign-offs.js';
import { addSignalCommands } from './commands/signals.js';
import { addSteeringCommands, addTaskSteeringCommands } from './commands/steering.js';
import { addTemplateCommands } from './commands/templates.js';
import { addTenantCommands } from './commands/tenants.js';
import { addTypeCommands } from './commands/types.js';
import { addWebhookCommands } from './commands/webhooks.js';
import { EXIT } from './exit-codes.js';
import { documentOf, failureOf, linesOf } from './explain.js';
import { addNames } from './names.js';
import { FORMATS, readFormat, writeDocument } from './output.js';
import { PROJECT } from './project.js';
import { Session, type Act } from './session.js';
import { localeOf, type Shell } from './shell.js';
import { wordsOf, type Say } from './words.js';

/** Runs the program with these arguments and returns its exit code. Never throws. */
export async function run(args: readonly string[], shell: Shell): Promise<number> {
  const say = wordsOf(localeOf(shell.env));
  const { program, session, exitCode } = buildProgram(shell, say);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode();
  } catch (error) {
    // Told already: help, the version, or what is wrong with the command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
    const failure = failureOf(error, say, session.atHand);
    if (failure === undefined) {
      session.remark(`${say('error')}: ${(error as Error).stack ?? String(error)}`);
      return EXIT.BUG;
    }
    const { format } = session;
    if (format === 'json' || format === 'yaml') writeDocument(shell.stderr, format, documentOf(failure));
    else linesOf(failure, say).forEach((line) => session.remark(line));
    return failure.exit;
  }
}

/** The program with all its commands, and the exit code of the one that ran. */
export function buildProgram(shell: Shell, say: Say): { program: Command; session: Session; exitCode: () => number } {
  const program = new Command('task-chain');
  const session = new Session(shell, say, program);
  let code: number = EXIT.OK;
  const act: Act =
    (action) =>
    async (...args) =>
      void (code = (await action(...(args as never[]))) ?? EXIT.OK);
  program
    .description(say('Creates, watches and controls chains of tasks on a Task Chain server.'))
    .version(versionOf(), '-V, --version', say('print the version'))
    .helpOption('-h, --help', say('print this help'))
    .addOption(new Option('--profile <name>', say('the server and key of this profile')))
    .addOption(new Option('--url <url>', say('the server, what comes before /api/v1')))
    .addOption(
      new Option('-o, --output <format>', say('output format'))
        .choices(FORMATS)
        .argParser(readFormat)
        .default('table', say('for people')),
    )
    .option('--no-color', say('no colours, as with NO_COLOR'))
    .configureHelp({ showGlobalOptions: true, styleTitle: (title) => say(title) })
    .configureOutput({
      writeOut: (text) => shell.stdout.write(text),
      writeErr: (text) => shell.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride()
    .showHelpAfterError(say('See: task-chain --help'))
    .hook('preAction', (_, command) => completeIds(command, session));
  program.helpCommand(false);
  addChainCommands(program, session, act);
  addImportCommand(program, session, act);
  addListCommand(program, session, act);
  addReadingCommands(program, session, act);
  addTypeCommands(program, session, act);
  addResultCommands(program, session, act);
  addLogsCommand(program, session, act);
  addEventsCommand(program, session, act);
  addSteeringCommands(program, session, act);
  addTaskSteeringCommands(program, session, act);
  addGraphCommand(program, session, act);
  addArtifactCommands(program, session, act);
  addKeyCommands(program, session, act);
  addWebhookCommands(program, session, act);
  addSecretCommands(program, session, act);
  addTemplateCommands(program, session, act);
  addScheduleCommands(program, session, act);
  addSignalCommands(program, session, act);
  addSignOffCommands(program, session, act);
  addTenantCommands(program, session, act);
  addAuditCommands(program, session, act);
  addPartyCommands(program, session, act);
  addNodeCommands(program, session, act);
  addDatasetCommands(program, session, act);
  addPolicyCommands(program, session, act);
  addApprovalCommands(program, session, act);
  addProfileCommands(program, session, act);
  addProjectCommands(program, session, act);
  addCompletionCommands(program, session, act);
  addNames(program);
  return { program, session, exitCode: () => code };
}

function versionOf(): string {
  return (JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { version: string }).version;
}

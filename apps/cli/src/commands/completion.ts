import { Argument, type Command, type Option } from 'commander';
import { clientOf } from '../connection.js';
import { ProfileFile } from '../profiles.js';
import type { Act, Session } from '../session.js';

/** How each shell asks this program for words. With none it offers files. */
const SCRIPTS = {
  bash: `_task_chain() {
  local IFS=$'\\n'
  COMPREPLY=($(task-chain complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _task_chain task-chain
`,
  zsh: `#compdef task-chain
_task_chain() {
  local -a found
  found=("\${(@f)$(task-chain complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -a found; else _files; fi
}
compdef _task_chain task-chain
`,
  fish: `complete -c task-chain -a '(task-chain complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
};

/** How long somebody who pressed Tab waits for the server's answer, ms. */
const PATIENCE_MS = 1_500;
const OFFERED_CHAINS = 50;

/** completion, and complete, which the scripts call. */
export function addCompletionCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  program
    .command('completion')
    .description(say('print the script with which a shell completes commands, flags, chains and tasks'))
    .addArgument(new Argument('<shell>', say('bash, zsh or fish')).choices(Object.keys(SCRIPTS)))
    .action(act((shell: keyof typeof SCRIPTS) => void session.shell.stdout.write(SCRIPTS[shell])));
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(
      act(async (words: string[]) => {
        const found = await completions(words, program, session).catch(() => []);
        session.print(...found);
      }),
    );
}

/** Completions of the last word. */
async function completions(words: readonly string[], program: Command, session: Session): Promise<string[]> {
  const last = words.at(-1) ?? '';
  let command = program;
  const given: string[] = [];
  let valueOf: Option | undefined;
  for (const word of words.slice(0, -1)) {
    if (valueOf !== undefined) valueOf = undefined;
    else if (word.startsWith('-')) valueOf = optionsOf(command, program).find((each) => takesValue(each, word));
    else {
      const sub =
        given.length === 0
          ? command.commands.find((each) => [each.name(), ...each.aliases()].includes(word))
          : undefined;
      if (sub !== undefined) command = sub;
      else given.push(word);
    }
  }
  const fitting = (all: readonly string[]) => all.filter((each) => each.startsWith(last));
  if (valueOf !== undefined) {
    if (valueOf.argChoices !== undefined) return fitting(valueOf.argChoices);
    return valueOf.long === '--profile' ? fitting(profileNames(session)) : [];
  }
  if (last.startsWith('-')) {
    return fitting(optionsOf(command, program).flatMap(({ long, hidden }) => (long && !hidden ? [long] : [])));
  }
  const subcommands = command.createHelp().visibleCommands(command);
  if (subcommands.length > 0) return fitting(subcommands.map((each) => each.name()));
  const all = command.registeredArguments;
  const argument = all[given.length] ?? all.find((each) => each.variadic);
  return argument === undefined ? [] : fitting(await valuesOf(argument, given, command, session));
}

function optionsOf(command: Command, program: Command): readonly Option[] {
  return [...command.createHelp().visibleOptions(command), ...program.options];
}

const takesValue = (option: Option, word: string): boolean =>
  (option.required || option.optional) && (option.long === word || option.short === word);

async function valuesOf(argument: Argument, given: readonly string[], command: Command, session: Session) {
  if (argument.argChoices !== undefined) return argument.argChoices;
  switch (argument.name()) {
    case 'chain':
    case 'chain-or-reference':
      return chainIds(session);
    case 'type':
      return taskTypes(session);
    case 'task':
      return taskIds(given[0]!, session);
    case 'party':
      return partyNames(session);
    case 'reference':
      return datasetNames(session, (name, version) => `${name}@${version}`);
    case 'dataset':
      return datasetNames(session, (name) => name);
    case 'name':
      return command.parent?.name() === 'profile' ? profileNames(session) : [];
    default:
      return [];
  }
}

async function chainIds(session: Session): Promise<string[]> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const query = { page_size: OFFERED_CHAINS };
  const { items } = await clientOf(session.connection, 0).listChains({ query, signal });
  return items.map(({ chain_id }) => chain_id);
}

async function taskIds(chain_id: string, session: Session): Promise<string[]> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const { tasks } = await clientOf(session.connection, 0).getChain({ path: { chain_id }, signal });
  return tasks.map(({ task_id }) => task_id);
}

async function taskTypes(session: Session): Promise<string[]> {
  const { items } = await session.client.listTaskTypes();
  return items.map(({ task_type }) => task_type);
}

async function partyNames(session: Session): Promise<string[]> {
  const { items } = await session.client.listParties();
  return items.map(({ party }) => party);
}

async function datasetNames(session: Session, nameOf: (name: string, version: number) => string): Promise<string[]> {
  const { items } = await session.client.listDatasets({ query: {} });
  return [...new Set(items.map(({ party, name, version }) => nameOf(`${party}/${name}`, version)))];
}

function profileNames({ shell, say }: Session): string[] {
  return Object.keys(new ProfileFile(shell.env, say).read().profiles);
}

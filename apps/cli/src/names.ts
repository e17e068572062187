import type { Command } from 'commander';

/** Words of kubectl and argo that mean one of our commands. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  validate: ['lint'],
  run: ['submit'],
  execute: ['start'],
  pause: ['suspend'],
  cancel: ['stop', 'terminate', 'delete'],
};
/** The same in every group of commands. */
const ALIASES_EVERYWHERE: Readonly<Record<string, readonly string[]>> = {
  ls: ['list'],
  show: ['get', 'describe'],
  rm: ['delete'],
  revoke: ['delete'],
};
/** Words that others use, and that are too far from ours to be taken for them. */
const MEANT: Readonly<Record<string, string>> = {
  apply: 'run',
  status: 'show',
  history: 'events',
  rerun: 'retry',
  restart: 'retry',
  kill: 'cancel',
  abort: 'cancel',
  top: 'metrics',
  'api-resources': 'types',
  help: '--help',
};

/** Gives commands their other names, and answers an unknown word with the nearest command. */
export function addNames(program: Command): void {
  for (const command of program.commands) nameAll(command, ALIASES[command.name()]);
  answerStrangers(program, MEANT);
}

function nameAll(command: Command, aliases: readonly string[] = []): void {
  command.aliases([...aliases, ...(ALIASES_EVERYWHERE[command.name()] ?? [])]);
  for (const each of command.commands) nameAll(each);
  if (command.commands.length > 0) answerStrangers(command, {});
}

function answerStrangers(command: Command, meant: Readonly<Record<string, string>>): void {
  command.on('command:*', ([word]: [string]) => {
    const names = command
      .createHelp()
      .visibleCommands(command)
      .flatMap((each) => [each.name(), ...each.aliases()]);
    const near = Object.hasOwn(meant, word) ? meant[word] : nearest(word, names);
    const suggestion = near === undefined ? '' : `\n(Did you mean ${near}?)`;
    command.error(`error: unknown command '${word}'${suggestion}`, { code: 'commander.unknownCommand' });
  });
}

/** The most like a mistyped word; undefined if none is like it. Beginnings weigh more than what follows. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, word.length / 2);
  for (const name of names) {
    const distance = distanceOf(word, name) - sameBeginning(word, name) / 2;
    if (distance < least) [best, least] = [name, distance];
  }
  return best;
}

function sameBeginning(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

/** Insertions, deletions and changes of a letter (Levenshtein), and swaps of neighbours, that make `b` of `a`. */
function distanceOf(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const [before, row] = [rows[i - 1]!, [i]];
    for (let j = 1; j <= b.length; j++) {
      const change = before[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swap =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row.push(Math.min(before[j]! + 1, row[j - 1]! + 1, change, swap));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

import type { Command } from 'commander';
import type { Say } from '../words.js';

/** Ends the help of a command with a line that can be typed. */
export function withExample(command: Command, line: string, say: Say): Command {
  return command.addHelpText('after', `\n${say('Example:')}\n  ${line}`);
}

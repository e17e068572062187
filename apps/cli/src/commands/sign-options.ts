import { type Command, Option } from 'commander';
import type { Say } from '../words.js';

/** The flags that say who signs a statement. */
export function signOptions(command: Command, say: Say): Command {
  return command
    .option('--key <file>', say("the owner's private key, as keygen wrote it"))
    .addOption(
      new Option('--unsigned <party>', say('sign nothing: for a party whose owner chose approvals: server')).conflicts(
        'key',
      ),
    );
}

import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { EXIT } from './exit-codes.js';
import { Failure } from './failure.js';
import type { Session } from './session.js';

const LATEST = '@latest';
const WHOLE_LENGTH = 'chain-00000000-0000-4000-8000-000000000000'.length;
const BEGINNING = /^chain-[0-9a-f][0-9a-f-]*$/;
/** An id is looked for among so many chains, the newest. */
const MAX_CHAINS = 10_000;
/** Arguments that may be a chain's id. */
const ARGUMENTS = new Set(['chain', 'chain-or-file', 'chain-or-reference', 'template-or-chain']);
/** What is signed names its chain by the whole id: otherwise the server would choose the chain. */
const SIGNING = new Set(['approve', 'refuse', 'withdraw']);

/** Puts whole ids in place of `@latest` and of the beginnings of ids, and notes chain and task for hints. */
export async function completeIds(command: Command, session: Session): Promise<void> {
  const signs = command.parent?.name() === 'approvals' && SIGNING.has(command.name());
  for (const [i, argument] of command.registeredArguments.entries()) {
    const text: unknown = command.processedArgs[i];
    if (typeof text !== 'string') continue;
    if (argument.name() === 'task') session.atHand.task = text;
    if (!ARGUMENTS.has(argument.name())) continue;
    const id = signs || (argument.name() === 'chain-or-file' && existsSync(text)) ? text : await wholeId(text, session);
    command.processedArgs[i] = id;
    session.atHand.chain = id;
  }
}

/** The id that a text stands for; any other text as it is. */
export async function wholeId(text: string, session: Session): Promise<string> {
  const { client, say } = session;
  const hint = say('List them with: task-chain ls');
  if (text === LATEST) {
    const { items } = await client.listChains({ query: { page_size: 1 } });
    if (items.length > 0) return items[0]!.chain_id;
    throw new Failure(EXIT.NOT_FOUND, say('There is no chain yet.'));
  }
  if (!BEGINNING.test(text) || text.length >= WHOLE_LENGTH) return text;
  const found: string[] = [];
  let seen = 0;
  for await (const { chain_id } of client.allChains()) {
    if (chain_id.startsWith(text)) found.push(chain_id);
    if (found.length > 1 || ++seen >= MAX_CHAINS) break;
  }
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    const message = say('No chain has an id that begins with {text}: looked at the newest {number}.', {
      text,
      number: seen,
    });
    throw new Failure(EXIT.NOT_FOUND, message, { hint });
  }
  const message = say('More than one id begins with {text}: {ids}. Give more of it.', { text, ids: found.join(', ') });
  throw new Failure(EXIT.USAGE, message, { hint });
}

import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { PartyResultDto, TaskDto } from '#client';
import type { digestWith } from '#libs/compute';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { OwnerFolder } from '../owner/owner-folder.js';
import { readReaderKey, type ReaderKey } from '../owner/reader-key.js';
import type { Act, Session } from '../session.js';
import { withExample } from './example.js';

/** What a task gave, and what it gave to the reader's party alone. */
interface TaskResults {
  readonly task: string;
  readonly result: unknown;
  readonly party_results?: unknown;
}

type HashKey = Parameters<typeof digestWith>[0];

/** results. */
export function addResultCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  withExample(
    program
      .command('results')
      .description(say('results of a chain or task, and with a key what was opened to your party alone'))
      .argument('<chain>', say('id of a chain'))
      .argument('[task]', say('id of a task'))
      .option('--key <file>', say("the reader's key that parties keygen wrote"))
      .action(
        act(async (chain_id: string, task_id: string | undefined, { key: path }: { key?: string }) => {
          const key = path === undefined ? undefined : await readReaderKey(path, session);
          const hashKey = path === undefined ? undefined : await hashKeyBeside(path, session);
          const tasks = task_id
            ? [await session.client.getTask({ path: { chain_id, task_id } })]
            : (await session.client.getChain({ path: { chain_id } })).tasks;
          const opened = await Promise.all(tasks.map((task) => resultsOf(chain_id, task, key, hashKey, session)));
          session.answer(opened, () =>
            opened.flatMap(({ task, ...results }) => [`${task}:`, JSON.stringify(results, null, 2)]),
          );
        }),
      ),
    'task-chain results chain-7c0a4a52-2c53-4b58-9d0b-6d7d5f0f7c11 --key ~/bank-a/bank-a.reader.key',
    say,
  );
}

async function resultsOf(
  chainId: string,
  { task_id: taskId, result, party_results: ofParties }: TaskDto,
  key: ReaderKey | undefined,
  hashKey: HashKey | undefined,
  session: Session,
): Promise<TaskResults> {
  if (!ofParties) return { task: taskId, result };
  const shown = Object.entries(ofParties).map(async ([party, each]): Promise<[string, unknown]> => {
    if (party !== key?.party || each.sealed === undefined) return [party, closed(each, session)];
    const compute = await import('#libs/compute');
    const digest = hashKey && ((sha256: string) => compute.digestWith(hashKey, sha256));
    const opened = await compute.openResult(key.identity, digest, { chainId, taskId, party }, each.sealed);
    const { say } = session;
    if (opened === undefined) {
      throw new Failure(
        EXIT.REFUSED,
        say('The result of {task} for {party} does not open with this key.', { task: taskId, party }),
        {
          hint: say('It was sealed to the readers that the party had when the task ran.'),
        },
      );
    }
    if (hashKey !== undefined && !opened.isGenuine) {
      throw new Failure(
        EXIT.REFUSED,
        say('The result of {task} was not written by the party {party}.', { task: taskId, party }),
      );
    }
    if (hashKey === undefined) {
      session.remark(say('.party/hash.key does not lie beside the key: who wrote the result is not checked.'));
    }
    return [party, opened.result];
  });
  return { task: taskId, result, party_results: Object.fromEntries(await Promise.all(shown)) };
}

function closed({ value, withheld }: PartyResultDto, { say }: Session): unknown {
  return value ?? withheld ?? say('sealed to the readers of the party');
}

/** The key by which the party shows that it wrote a result; undefined where the reader does not have it. */
async function hashKeyBeside(path: string, session: Session): Promise<HashKey | undefined> {
  return new OwnerFolder(dirname(path), session).hashKey().catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

import type { Command } from 'commander';
import type { ListSignalsData, SignalDto } from '#client';
import { readChainFile } from '../chain-file.js';
import { pairsOf } from '../output.js';
import type { Act, Session } from '../session.js';
import { ageOf } from '../times.js';

interface SendFlags {
  readonly file?: string;
  readonly expiresIn?: string;
  readonly idempotencyKey?: string;
}

interface ListFlags {
  readonly name?: string;
  readonly key?: string;
  readonly status?: string;
}

/** signals send, ls and show. */
export function addSignalCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const signals = program
    .command('signals')
    .helpCommand(false)
    .description(say('events from outside, for tasks that wait for them'));
  signals
    .command('send')
    .description(say('send a signal: the task that waits for it ends with its payload'))
    .argument('<name>', say('name of a signal'))
    .argument('<key>', say('key of a signal'))
    .option('-f, --file <file>', say('the payload, JSON or YAML; - is standard input'))
    .option('--expires-in <seconds>', say('how long it waits for its task; a week unless you say otherwise'))
    .option('--idempotency-key <key>', say('the same key sends the signal once, however often it is sent'))
    .action(
      act(async (name: string, key: string, flags: SendFlags) => {
        const { file, expiresIn, idempotencyKey } = flags;
        const read = file === undefined ? undefined : await readChainFile(file, session.shell, say);
        const headers = idempotencyKey === undefined ? undefined : { 'Idempotency-Key': idempotencyKey };
        const sent = await session.client.sendSignal({
          body: {
            ...{ name, key },
            ...(read && { payload: read.value }),
            ...(expiresIn !== undefined && { expires_in: Number(expiresIn) }),
          },
          ...(headers && { headers }),
        });
        session.answer(sent, () => [say('{id} is stored for its task.', { id: sent.signal_id })]);
      }),
    );
  signals
    .command('ls')
    .description(say('list signals, the newest first'))
    .option('--name <name>', say('only those of this name'))
    .option('--key <key>', say('only those with this key'))
    .option('--status <status>', say('only those in this status'))
    .action(
      act(async (flags: ListFlags) => {
        const query = { ...flags, page_size: 200 } as NonNullable<ListSignalsData['query']>;
        const { items } = await session.client.listSignals({ query });
        session.answer(items, () =>
          session.table(
            [
              ['SIGNAL', (each) => each.signal_id],
              ['NAME', (each) => each.name],
              ['KEY', (each) => each.key],
              ['STATUS', (each) => each.status],
              ['AGE', (each) => ageOf(each.created_at)],
              ['CHAIN', (each) => each.chain_id],
              ['TASK', (each) => each.task_id],
              ['BY', (each) => each.created_by, 'wide'],
              ['WHY', (each) => each.reason, 'wide'],
            ],
            items,
          ),
        );
      }),
    );
  signals
    .command('show')
    .description(say('show a signal with its payload'))
    .argument('<signal>', say('id of a signal'))
    .action(
      act(async (signal_id: string) => {
        const signal = await session.client.getSignal({ path: { signal_id } });
        session.answer(signal, () => linesOf(signal));
      }),
    );
}

const linesOf = (signal: SignalDto): string[] =>
  pairsOf([
    ['signal', signal.signal_id],
    ['name', signal.name],
    ['key', signal.key],
    ['status', signal.status],
    ['why', signal.reason],
    ['payload', JSON.stringify(signal.payload)],
    ['sent', signal.created_at],
    ['by', signal.created_by],
    ['expires', signal.expires_at],
    ['given', signal.settled_at],
    ['chain', signal.chain_id],
    ['task', signal.task_id],
  ]);

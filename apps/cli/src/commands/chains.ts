import { type Command, InvalidArgumentError } from 'commander';
import type { CreateChainRequest } from '#client';
import type { InputFault } from '#libs/chain-domain';
import { readChainFile, type ChainFile } from '../chain-file.js';
import { EXIT } from '../exit-codes.js';
import { failureOf, faultLine } from '../explain.js';
import { Failure } from '../failure.js';
import { addFollowOptions, follow, type FollowFlags } from '../follow.js';
import { checkOffline } from '../offline.js';
import type { Act, Session } from '../session.js';

/** A list that servers of older releases do not have. */
const orNone = <T>(list: readonly T[] | undefined): readonly T[] => list ?? [];

interface CreateFlags {
  readonly execute?: true;
  readonly quiet?: true;
  readonly idempotencyKey?: string;
}

/** validate, create, run and watch. */
export function addChainCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const file = say('JSON or YAML; - is standard input');
  const creating = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .argument('<file>', file)
      .option('-q, --quiet', say('print nothing but the id of the chain'))
      .option('--idempotency-key <key>', say('the same key creates the chain once, however often it is sent'), header);

  program
    .command('validate')
    .description(say('list all faults of a chain, or describe it'))
    .argument('<file>', file)
    .option('--offline', say('check what needs no server: the form of the file and of its fields, and the graph'))
    .action(
      act(async (path: string, { offline }: { offline?: true }) => {
        const chain = await readChainFile(path, session.shell, say);
        const found = offline
          ? await checkOffline(chain.value)
          : await session.client.validateChain({ body: chain.value as CreateChainRequest });
        const errors = chain.place(found.errors as InputFault[]);
        const atSites = orNone(found.at_sites);
        session.answer({ ...found, errors }, () =>
          found.valid
            ? [
                say('{file}: valid, {type}: {tasks} tasks on {levels} levels; the longest path: {path}', {
                  file: chain.name,
                  type: found.chain_type!,
                  tasks: found.total_tasks!,
                  levels: found.levels!.length,
                  path: found.critical_path!.join(' -> '),
                }),
                ...orNone(found.approvals).map(({ task_id: task, party, reasons }) =>
                  say('{task} will wait for {party}: {reasons}', { task, party, reasons: reasons.join('; ') }),
                ),
                ...(atSites.length > 0
                  ? [say('at the sites of its parties: {tasks}', { tasks: atSites.join(', ') })]
                  : []),
                ...orNone(found.warnings).map(({ message }) => say('warning: {message}', { message })),
              ]
            : errors.map((fault) => faultLine(fault, chain.name)),
        );
        return found.valid ? EXIT.OK : EXIT.INVALID;
      }),
    );

  creating('create', say('create a chain'))
    .option('--execute', say('start it as well'))
    .action(act(async (path: string, flags: CreateFlags) => void (await create(path, flags, session))));

  addFollowOptions(
    creating('run', say('create a chain and start it')).option('--watch', say('show it live until it ends')),
    session,
  ).action(
    act(async (path: string, flags: CreateFlags & FollowFlags & { watch?: true }) => {
      const chainId = await create(path, { ...flags, execute: true }, session, flags.watch);
      return flags.watch ? follow(session, chainId, flags) : EXIT.OK;
    }),
  );

  addFollowOptions(
    program
      .command('watch')
      .description(say('show a chain live until it ends'))
      .argument('<chain>', say('id of a chain')),
    session,
  ).action(act((chainId: string, flags: FollowFlags) => follow(session, chainId, flags)));
}

/** Creates a chain and says so, unless what follows is the answer; returns its id. */
async function create(path: string, flags: CreateFlags, session: Session, goesOn = false): Promise<string> {
  const { say } = session;
  const file = await readChainFile(path, session.shell, say);
  const { execute, idempotencyKey } = flags;
  const body = (execute ? { ...(file.value as object), execute } : file.value) as CreateChainRequest;
  const headers = idempotencyKey === undefined ? undefined : { 'Idempotency-Key': idempotencyKey };
  const created = await session.client.createChain({ body, headers }).catch((error: unknown) => {
    throw placed(error, file, session);
  });
  const { chain_id, chain_type, total_tasks, status } = created;
  if (flags.quiet) session.print(chain_id);
  else if (!goesOn) {
    session.answer(created, () => [
      say('created {chain} ({type}, {tasks} tasks): {status}', {
        chain: chain_id,
        type: chain_type,
        tasks: total_tasks,
        status,
      }),
    ]);
  } else if (session.forPeople) session.print(say('created {chain}', { chain: chain_id }));
  return chain_id;
}

/** The API's pointers as lines of the file. */
export function placed(error: unknown, file: ChainFile, { say }: Session): unknown {
  const failure = failureOf(error, say);
  if (failure === undefined || failure.faults.length === 0) return error;
  const { exit, message, hint, cause } = failure;
  return new Failure(exit, message, { hint, cause, file: file.name, faults: file.place(failure.faults) });
}

/** Reads a flag that is sent as a header. */
function header(text: string): string {
  if (/^[\x20-\x7e]{1,255}$/.test(text)) return text;
  throw new InvalidArgumentError('1 to 255 printable ASCII characters are needed');
}

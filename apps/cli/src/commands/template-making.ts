import { type Command, InvalidArgumentError } from 'commander';
import type { NewTemplateDto, TemplateChainDto } from '#client';
import { type InputFault, isObject } from '#libs/chain-domain';
import { readChainFile, type ChainFile } from '../chain-file.js';
import { EXIT } from '../exit-codes.js';
import { faultLine } from '../explain.js';
import { addFollowOptions, follow, type FollowFlags } from '../follow.js';
import type { Act, Session } from '../session.js';
import { placed } from './chains.js';

interface SaveFlags {
  readonly title?: string;
  readonly note?: string;
}
interface RunFlags extends FollowFlags {
  readonly of?: string;
  readonly param?: readonly (readonly [string, unknown])[];
  readonly params?: string;
  readonly dryRun?: true;
  readonly watch?: true;
  readonly execute: boolean;
}

/** templates create, save and run. */
export function addTemplateMaking(templates: Command, session: Session, act: Act): void {
  const { say } = session;
  const file = say('JSON or YAML: a template with its chain, or a chain alone; - is standard input');
  const template = say('id of a template');
  const noted = (command: Command) =>
    command.option('--title <title>', say('its title')).option('--note <note>', say('what is new'));

  noted(templates.command('create').description(say('create a template')).argument('<file>', file)).action(
    act(async (path: string, flags: SaveFlags) => {
      const { read, body } = await templateOf(path, flags, session);
      const titled = { title: nameOf(body.chain), ...body } as NewTemplateDto;
      const made = await session.client.createTemplate({ body: titled }).catch((error: unknown) => {
        throw placed(error, read, session);
      });
      session.answer(made, () => [say('created {id}', { id: made.template_id })]);
    }),
  );

  noted(
    templates
      .command('save')
      .description(say('save a template again: another chain becomes a new version'))
      .argument('<template>', template)
      .argument('<file>', file),
  ).action(
    act(async (template_id: string, path: string, flags: SaveFlags) => {
      const { read, body } = await templateOf(path, flags, session);
      const { title, description, tags, shared_with } = await session.client.getTemplate({ path: { template_id } });
      const whole = {
        title,
        description,
        tags,
        shared_with,
        ...body,
      } as NewTemplateDto;
      const path_ = { template_id };
      const saved = await session.client.putTemplate({ path: path_, body: whole }).catch((error: unknown) => {
        throw placed(error, read, session);
      });
      session.answer(saved, () => [say('{id} is saved.', { id: template_id })]);
    }),
  );

  addFollowOptions(
    templates
      .command('run')
      .description(say('create a chain of a template and start it'))
      .argument('<template>', template)
      .option('--of <version>', say('a label or number'))
      .option('-p, --param <name=value>', say('a value, as JSON or as text; as often as needed'), pair)
      .option('--params <file>', say('a file with the values, JSON or YAML'))
      .option('--dry-run', say('show the chain that would be made, and make none'))
      .option('--no-execute', say('do not start it'))
      .option('--watch', say('show it live until it ends')),
    session,
  ).action(act((template_id: string, flags: RunFlags) => run(template_id, flags, session)));
}

async function run(template_id: string, flags: RunFlags, session: Session): Promise<number> {
  const { client, say } = session;
  const read = flags.params === undefined ? undefined : await readChainFile(flags.params, session.shell, say);
  const params = {
    ...(read?.value as object | undefined),
    ...Object.fromEntries(flags.param ?? []),
  };
  const body: TemplateChainDto = {
    params,
    version: flags.of,
    execute: flags.execute && !flags.dryRun,
  };
  const path = { template_id };
  if (flags.dryRun) {
    const found = await client.previewChainOfTemplate({ path, body });
    const { errors, chain } = found;
    session.answer(found, () =>
      errors.length > 0
        ? errors.map((fault) => faultLine(fault as InputFault, template_id))
        : [JSON.stringify(chain, null, 2)],
    );
    return errors.length > 0 ? EXIT.INVALID : EXIT.OK;
  }
  const { chain_id } = await client.createChainOfTemplate({ path, body });
  if (flags.watch) {
    if (session.forPeople) session.print(say('created {chain}', { chain: chain_id }));
    return follow(session, chain_id, flags);
  }
  session.answer({ chain_id }, () => [say('created {chain}', { chain: chain_id })]);
  return EXIT.OK;
}

/** What a file holds, as the API takes it. */
async function templateOf(
  path: string,
  flags: SaveFlags,
  { shell, say }: Session,
): Promise<{
  readonly read: ChainFile;
  readonly body: Partial<NewTemplateDto>;
}> {
  const read = await readChainFile(path, shell, say);
  const { value } = read;
  const isChain = isObject(value) && Object.hasOwn(value, 'tasks');
  const given = (isChain ? { chain: value } : value) as Partial<NewTemplateDto>;
  // Of a chain alone, pointers lead past /chain.
  const place: ChainFile['place'] = (faults) =>
    read.place(
      isChain
        ? faults.map(
            (fault) =>
              ({
                ...fault,
                pointer: fault.pointer?.replace(/^\/chain(?=\/|$)/, ''),
              }) as InputFault,
          )
        : faults,
    );
  return { read: { ...read, place }, body: { ...given, ...flags } };
}

function nameOf(chain: unknown): string | undefined {
  const name = isObject(chain) ? chain['chain_name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}

/** Reads name=value, and adds it to what came before. */
function pair(text: string, before: readonly (readonly [string, unknown])[] = []): [string, unknown][] {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('name=value is needed');
  const value = text.slice(at + 1);
  let read: unknown = value;
  try {
    read = JSON.parse(value);
  } catch {
    // Text needs no quotes.
  }
  return [...(before as [string, unknown][]), [text.slice(0, at), read]];
}

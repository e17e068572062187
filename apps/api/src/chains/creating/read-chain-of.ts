import { FaultList, type InputFault, isObject, quoted } from '#libs/chain-domain';
import type { TenantEngines } from '#libs/compute';
import { purposeOf } from '#libs/consent';
import { type Database, secretUses, TemplateRepository, type Queryable } from '#libs/repositories';
import type { Catalogue } from '../../catalogue/catalogue.js';
import { Problem } from '../../http/problem.js';
import { TemplateReader } from '../../templates/template-reader.js';
import { withProtocols } from './auto-protocols.js';
import { readChain } from './chain-input.js';
import type { ChainInput, ChainReading } from './chain-reading.js';
import { readOwnersWords, type ExpectedApproval } from './dataset-faults.js';
import type { SecretUse } from './params-faults.js';
import { siteFaultsOf, sitesFor, withSites } from './sites-of-tasks.js';
import { waitsAtSites, type Warning } from './waits-at-sites.js';
import { childConfig, MAX_GENERATIONS, OUTERMOST, templateKey, type TemplateChain } from './read-children.js';

// eslint-disable-next-line no-restricted-syntax -- a thread, which reads large chains, has no Nest.
const templates = new TemplateReader(new TemplateRepository());

/** Who names secrets and datasets. */
export interface Author {
  readonly actor: string | null;
  readonly party: string | null;
  readonly isAdmin: boolean;
}

/** As `readChain`, on the engines of the author's tenant (`engines`); secrets and datasets that the author or the type may not use are faults as well. */
export async function readChainOf(
  author: Author,
  db: Database,
  body: unknown,
  catalogue: Catalogue,
  engines: TenantEngines | undefined,
): Promise<{
  readonly reading: ChainReading;
  readonly approvals: readonly ExpectedApproval[];
  readonly warnings: readonly Warning[];
}> {
  const read = readChain(body, catalogue.forTenant(engines), { ...OUTERMOST, templates: await templatesOf(db, body) });
  const sites = read.ok ? await sitesFor(db, read.chain) : [];
  const reading = read.ok ? { ...read, chain: await withProtocols(db, withSites(read.chain, sites), author) } : read;
  const refused = await refusedSecrets(db, reading.secrets, author);
  const approvals: ExpectedApproval[] = [];
  const warnings: Warning[] = [];
  for (const { input, place, label } of reading.ok ? familyOf(reading.chain) : []) {
    const { tasks, metadata } = input;
    const words = await readOwnersWords(db, tasks, { proposer: author.party, purpose: purposeOf(metadata) });
    const moved = <Found extends InputFault>(found: Found): Found => ({
      ...found,
      pointer: place + found.pointer!,
      message: label + found.message,
    });
    refused.push(...[...words.faults, ...siteFaultsOf(tasks, sites)].map(moved));
    const named = <Found extends { readonly task_id: string }>(found: Found): Found => ({
      ...found,
      task_id: label + found.task_id,
    });
    approvals.push(...words.approvals.map(named));
    warnings.push(...waitsAtSites(tasks, sites).map(moved).map(named));
  }
  if (refused.length === 0) return { reading, approvals, warnings };
  const faults = new FaultList();
  for (const fault of [...(reading.ok ? [] : reading.faults), ...refused]) faults.add(fault);
  return { reading: { ok: false, faults: faults.toArray(), secrets: reading.secrets }, approvals: [], warnings: [] };
}

/** A chain and its children, each with where it stands; a label begins what is said of it. */
export function familyOf(
  input: ChainInput,
  place = '',
  label = '',
): { input: ChainInput; place: string; label: string }[] {
  const children = [...input.children].flatMap(([position, child]) =>
    familyOf(child.input, place + child.place, `${label}${input.tasks[position]!.taskId}/`),
  );
  return [{ input, place, label }, ...children];
}

/** The chains of all templates that a body names, and that these name. */
async function templatesOf(db: Database, body: unknown): Promise<ReadonlyMap<string, TemplateChain>> {
  const found = new Map<string, TemplateChain>();
  let open: unknown[] = [body];
  for (let generation = 1; generation < MAX_GENERATIONS && open.length > 0; generation++) {
    const next: unknown[] = [];
    for (const config of open.flatMap(childConfigs)) {
      if (isObject(config['chain'])) next.push(config['chain']);
      const key = templateKey(config);
      if (typeof config['template'] !== 'string' || found.has(key)) continue;
      const made = await templateOf(db, config['template'], config['version']);
      found.set(key, made);
      if ('chain' in made) next.push(made.chain);
    }
    open = next;
  }
  return found;
}

function childConfigs(body: unknown): Readonly<Record<string, unknown>>[] {
  const tasks = isObject(body) ? body['tasks'] : undefined;
  if (!Array.isArray(tasks)) return [];
  return (tasks as unknown[]).map(childConfig).filter((config) => config !== undefined);
}

async function templateOf(db: Database, id: string, version: unknown): Promise<TemplateChain> {
  try {
    const template = await templates.find(db, id);
    const word = version === undefined ? undefined : String(version);
    const { chain, number } = await templates.version(db, db.tenant!, template, word);
    return { chain, template: { id, version: number } };
  } catch (error) {
    if (error instanceof Problem) return { code: error.code, message: error.detail };
    throw error;
  }
}

/** The worker's database decides by the same rule when a task asks for the value: see `secrets_of_task`. */
async function refusedSecrets(
  db: Queryable,
  named: readonly SecretUse[],
  { actor, isAdmin }: Author,
): Promise<InputFault[]> {
  if (named.length === 0) return [];
  const rows = await secretUses(db, [...new Set(named.map(({ name }) => name))]);
  const uses = new Map(rows.map((row) => [row.name, row]));
  const key = (actor ?? '').replace(/^key:/, '');
  const lists = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);
  const mayUse = ({ name, taskType }: SecretUse): boolean => {
    const use = uses.get(name);
    // An admin may name one before it is put. Others do not learn which exist.
    if (use === undefined) return isAdmin;
    return lists(use.task_types, taskType) && (isAdmin || lists(use.keys, key));
  };
  return named
    .filter((use) => !mayUse(use))
    .map(({ name, taskType, pointer, label }) => ({
      code: 'SECRET_NOT_ALLOWED',
      pointer,
      message: `${label}There is no secret ${quoted(name)} that you may use in a task of type ${taskType}. An admin names types and keys by PUT /secrets/{name}.`,
    }));
}

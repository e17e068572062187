import { type Command, InvalidArgumentError } from 'commander';
import type { OwnTenantDto, TenantChangeDto, TenantDto } from '#client';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { pairsOf } from '../output.js';
import type { Act, Session } from '../session.js';
import { ageOf } from '../times.js';
import { natural } from './numbers.js';

interface LimitFlags {
  readonly name?: string;
  readonly weight?: number;
  readonly maxRunningChains?: number | 'none';
  readonly maxWaitingTasks?: number | 'none';
  readonly maxCreatesPerMinute?: number | 'none';
  readonly maxArtifactBytes?: number | 'none';
  readonly defaultEngine?: string;
  readonly allowedEngines?: string[];
  readonly enable?: true;
  readonly disable?: true;
}

/** tenants ls, show, create and set. */
export function addTenantCommands(program: Command, session: Session, act: Act): void {
  const { say } = session;
  const tenants = program.command('tenants').helpCommand(false).description(say('tenants and their limits'));
  const id = say('id of a tenant');
  const withLimits = (command: Command) =>
    command
      .option('--weight <number>', say('share of the workers when tasks of several tenants wait'), natural)
      .option('--max-running-chains <number>', say('limit of RUNNING and PAUSED chains; none: no limit'), limit)
      .option('--max-waiting-tasks <number>', say('limit of unfinished tasks; none: no limit'), limit)
      .option('--max-creates-per-minute <number>', say('limit of new chains a minute; none: no limit'), limit)
      .option('--max-artifact-bytes <number>', say('limit of stored artifacts; none: no limit'), limit)
      .option('--default-engine <engine>', say('runs tasks that name no engine; none: as the deployment has it'))
      .option('--allowed-engines <engines...>', say('the only engines that run its tasks; none: all that are set up'));
  tenants
    .command('ls')
    .description(say('list tenants, for the platform'))
    .action(
      act(async () => {
        const { items } = await session.client.listTenants();
        session.answer(items, () => tenantTable(items, session));
      }),
    );
  tenants
    .command('show')
    .description(say('show your tenant and what it uses; or, for the platform, another'))
    .argument('[tenant]', id)
    .action(act((tenant: string | undefined) => show(tenant, session)));
  withLimits(
    tenants
      .command('create')
      .description(say('create a tenant, for the platform'))
      .argument('<tenant>', id)
      .requiredOption('--name <text>', say('display name of the tenant')),
  ).action(
    act(async (tenant_id: string, flags: LimitFlags & { name: string }) => {
      const made = await session.client.createTenant({ body: { ...changeOf(flags), tenant_id, name: flags.name } });
      session.answer(made, () => tenantLines(made));
    }),
  );
  withLimits(
    tenants
      .command('set')
      .description(say('change a tenant, for the platform'))
      .argument('<tenant>', id)
      .option('--name <text>', say('display name of the tenant'))
      .option('--enable', say('let its users sign in'))
      .option('--disable', say('let none of its users sign in; running chains continue')),
  ).action(
    act(async (tenant_id: string, flags: LimitFlags) => {
      const changed = await session.client.changeTenant({ path: { tenant_id }, body: changeOf(flags) });
      session.answer(changed, () => tenantLines(changed));
    }),
  );
}

/** Reads a flag's limit: a whole number from 0, or none. */
function limit(text: string): number | 'none' {
  if (text === 'none') return text;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('a whole number or none is needed');
  return value;
}

/** As the API writes it; Commander takes null for no value. */
const limitOf = (value: number | 'none' | undefined) => (value === 'none' ? null : value);

function changeOf(flags: LimitFlags): TenantChangeDto {
  const { enable, disable } = flags;
  const change = {
    name: flags.name,
    weight: flags.weight,
    max_running_chains: limitOf(flags.maxRunningChains),
    max_waiting_tasks: limitOf(flags.maxWaitingTasks),
    max_creates_per_minute: limitOf(flags.maxCreatesPerMinute),
    max_artifact_bytes: limitOf(flags.maxArtifactBytes),
    default_engine: flags.defaultEngine === 'none' ? null : flags.defaultEngine,
    allowed_engines: flags.allowedEngines?.join() === 'none' ? null : flags.allowedEngines,
    enabled: enable ?? (disable && false),
  };
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as TenantChangeDto;
}

async function show(tenant: string | undefined, session: Session): Promise<void> {
  const { client, say } = session;
  if (tenant === undefined) {
    const own = await client.getTenant();
    return session.answer(own, () => tenantLines(own));
  }
  const { items } = await client.listTenants();
  const found = items.find(({ tenant_id }) => tenant_id === tenant);
  if (found === undefined) {
    const hint = say('List them with: task-chain tenants ls');
    throw new Failure(EXIT.NOT_FOUND, say('There is no tenant {id}.', { id: tenant }), { hint });
  }
  session.answer(found, () => tenantLines(found));
}

const LIMITS = ['max_running_chains', 'max_waiting_tasks', 'max_creates_per_minute', 'max_artifact_bytes'] as const;

function tenantLines(tenant: TenantDto | OwnTenantDto): string[] {
  return pairsOf([
    ['tenant', tenant.tenant_id],
    ['name', tenant.name],
    ['enabled', tenant.enabled ? 'yes' : 'no'],
    ['weight', tenant.weight],
    ...LIMITS.map((name) => [name, tenant[name] ?? 'none'] as const),
    // Absent at servers of older releases.
    ['default_engine', tenant.default_engine === null ? 'none' : tenant.default_engine],
    ['allowed_engines', tenant.allowed_engines === null ? 'all' : tenant.allowed_engines?.join(' ')],
    ['created', tenant.created_at],
    ...('use' in tenant ? Object.entries(tenant.use).map(([name, value]) => [`used ${name}`, value] as const) : []),
  ]);
}

function tenantTable(items: readonly TenantDto[], session: Session): string[] {
  return session.table(
    [
      ['TENANT', (each) => each.tenant_id],
      ['ENABLED', (each) => (each.enabled ? 'yes' : 'no')],
      ['WEIGHT', (each) => each.weight],
      ['AGE', (each) => ageOf(each.created_at)],
      ['NAME', (each) => each.name],
      ...LIMITS.map((name) => [name.toUpperCase(), (each: TenantDto) => each[name], 'wide'] as const),
    ],
    items,
  );
}

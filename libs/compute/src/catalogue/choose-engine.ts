import type { TaskRunner } from '../contract/task-runner.js';
import type { ParamFault, TaskParams } from '../contract/task-type.js';
import { isAtSites } from './at-sites.js';
import { checkTaskParams } from './check-params.js';

/** What a tenant says of engines; null: nothing. */
export interface TenantEngines {
  readonly default_engine: string | null;
  /** The only ones that run its tasks. */
  readonly allowed_engines: readonly string[] | null;
}

/** Which engines run the tasks of a tenant. */
export class EngineChoice {
  constructor(
    private readonly runners: readonly TaskRunner[],
    /** Of the deployment: runs the types that it knows, where nobody says otherwise. */
    private readonly fallback: string,
    private readonly tenant: TenantEngines = { default_engine: null, allowed_engines: null },
  ) {}

  forTenant(tenant: TenantEngines): EngineChoice {
    return new EngineChoice(this.runners, this.fallback, tenant);
  }

  /** The engine of a task that names none: the tenant's default or the deployment's, where that may run the type and takes these parameters, else native. */
  of(type: string, params: TaskParams): string {
    const { name } = this.runners[0]!;
    const wanted = this.tenant.default_engine ?? this.fallback;
    // A site may lack it: its task names it.
    if (isAtSites(params)) return name;
    const isRun = this.runners.some((each) => each.name === wanted && each.leaves(type) !== undefined);
    return isRun && this.allows(wanted) && checkTaskParams(type, { ...params, engine: wanted }).length === 0
      ? wanted
      : name;
  }

  /** The names of those that run a type here, native first. */
  namesFor(type: string): string[] {
    return this.runners
      .filter((each) => this.isHere(each, type) && each.leaves(type) !== undefined)
      .map(({ name }) => name);
  }

  /** What leaves the parties of a type on the engines here, by those protocols that an engine tells apart. */
  leavesOf(type: string): { engine: string; protocol: string; leaves: string }[] {
    const here = this.runners.filter((each) => this.isHere(each, type));
    return here.flatMap((runner) =>
      runner
        .protocols(type)
        .map((protocol) => ({ engine: runner.name, protocol, leaves: runner.leaves(type, { protocol })! })),
    );
  }

  /** What is wrong with the engine of a task, which runs the type, in words that follow its name in the parameters. */
  fault(name: string, type: string, params: unknown): string | undefined {
    const { allowed_engines: allowed } = this.tenant;
    if (!this.allows(name)) return `is ${JSON.stringify(name)}, and this tenant allows ${allowed!.join(', ')} alone`;
    const runner = this.runners.find((each) => each.name === name);
    const unset = runner?.unset ?? runner?.lacks?.(type);
    // Each site has set it up for itself, or says that it has not.
    return unset === undefined || isAtSites(params)
      ? undefined
      : `is ${JSON.stringify(name)}, which is not set up in this deployment: its operator sets ${unset}`;
  }

  /** What is wrong with a task that its engine would run, in this deployment. */
  refusals(name: string, type: string, params: Partial<TaskParams>): readonly ParamFault[] {
    return this.runners.find((each) => each.name === name)?.refuses?.(type, params) ?? [];
  }

  /** Whether a member of a result of this engine says where outputs lie that no task here reads. */
  isElsewhere(name: string, member: unknown): boolean {
    const members: readonly unknown[] = this.runners.find((each) => each.name === name)?.elsewhere ?? [];
    return members.includes(member);
  }

  private isHere({ name, unset, lacks }: TaskRunner, type: string): boolean {
    return unset === undefined && lacks?.(type) === undefined && this.allows(name);
  }

  private allows(name: string): boolean {
    return this.tenant.allowed_engines?.includes(name) ?? true;
  }
}

import type { TaskRunner } from '../contract/task-runner.js';
import type { TaskParams } from '../contract/task-type.js';
import { checkTaskParams } from './check-params.js';

/** Which engines run tasks here. */
export class EngineChoice {
  constructor(
    private readonly runners: readonly TaskRunner[],
    /** Of the deployment: runs the types that it knows, where nobody says otherwise. */
    private readonly fallback: string,
  ) {}

  /** The engine of a task that names none: the deployment's default, where that runs the type with these parameters, else native. */
  of(type: string, params: TaskParams): string {
    const { name } = this.runners[0]!;
    const isRun = this.runners.some((each) => each.name === this.fallback && each.leaves(type) !== undefined);
    return isRun && checkTaskParams(type, { ...params, engine: this.fallback }).length === 0 ? this.fallback : name;
  }

  /** The names of those that run a type here, native first. */
  namesFor(type: string): string[] {
    return this.runners
      .filter((each) => each.unset === undefined && each.leaves(type) !== undefined)
      .map(({ name }) => name);
  }

  /** What leaves the parties of a type on the engines here, by those protocols that an engine tells apart. */
  leavesOf(type: string): { engine: string; protocol: string; leaves: string }[] {
    const here = this.runners.filter((each) => each.unset === undefined);
    return here.flatMap((runner) =>
      runner
        .protocols(type)
        .map((protocol) => ({ engine: runner.name, protocol, leaves: runner.leaves(type, { protocol })! })),
    );
  }

  /** What is wrong with an engine that runs the type, in words that follow its name in the parameters. */
  fault(name: string): string | undefined {
    const unset = this.runners.find((each) => each.name === name)?.unset;
    return unset === undefined
      ? undefined
      : `is ${JSON.stringify(name)}, which is not set up in this deployment: its operator sets ${unset}`;
  }
}

/** What must hold of chains and the chains that their tasks run (I14, I15, I18), from their rows alone. */
import { isDeepStrictEqual } from 'node:util';
import { ENDED, runsChain, Violation, type Snapshot } from './standing.js';

/** A chain that a task of another one runs. */
export interface Child {
  readonly chain_id: string;
  readonly parent_chain_id: string;
  readonly parent_position: number;
  /** The attempt of the task that it runs for. */
  readonly parent_attempt: number;
  readonly parent_turn: number;
  readonly parent_args: unknown;
}

type Chains = ReadonlyMap<string, Snapshot>;

export class Families {
  private known: readonly Child[] = [];
  private before: Chains = new Map();

  /** After each statement. */
  committed(chains: Chains, children: readonly Child[]): void {
    for (const child of children) {
      const before = this.known.find(({ chain_id }) => chain_id === child.chain_id);
      if (before === undefined) {
        this.made(child, chains);
        expanded(child, chains);
      } else if (before.parent_attempt > child.parent_attempt)
        throw new Violation('I14', `${child.chain_id} went back`);
    }
    for (const [id, { tasks }] of chains) {
      for (const { position, hold, status, attempt } of tasks) {
        if (!runsChain(chains.get(id)!, position)) continue;
        const own = children.filter((each) => each.parent_chain_id === id && each.parent_position === position);
        const current = own.filter((each) => each.parent_attempt === attempt);
        if (hold === 'CHILD' && current.length !== 1) {
          throw new Violation('I14', `${id}/${position} has ${current.length} children in attempt ${attempt}`);
        }
        this.ended(id, position, status, current[0], chains);
        this.listed(id, position, current[0], chains);
      }
    }
    this.known = children;
    this.before = new Map(chains);
  }

  /** I14: a child that did not succeed goes on, and no other is made in its place; a turn follows the one before, which succeeded. */
  private made(child: Child, chains: Chains): void {
    const { chain_id: id, parent_chain_id, parent_position, parent_turn: turn, parent_args } = child;
    const of = ({ parent_chain_id: parent, parent_position: position }: Child): boolean =>
      parent === parent_chain_id && position === parent_position;
    const last = this.known.filter(of).at(-1);
    // A turn may end in the commit that begins the next one.
    const status = last && chains.get(last.chain_id)!.chain.status;
    if (turn > 1 && (status !== 'SUCCESS' || last?.parent_turn !== turn - 1)) {
      throw new Violation('I14', `${id} is turn ${turn} after turn ${last?.parent_turn}, ${status}`);
    }
    if (last === undefined || !isDeepStrictEqual(last.parent_args, parent_args)) return;
    if (status !== 'SUCCESS') throw new Violation('I14', `${id} was made although ${last.chain_id} was ${status}`);
  }

  /** I15: a task that waited for its child ends as that has. */
  private ended(id: string, position: number, status: string, child: Child | undefined, chains: Chains): void {
    const was = this.before.get(id)?.tasks[position];
    if (was?.hold !== 'CHILD' || was.status === status || child === undefined) return;
    const of = chains.get(child.chain_id)!.chain.status;
    const { error } = chains.get(id)!.tasks[position]!;
    const right =
      status === 'SUCCESS'
        ? 'SUCCESS'
        : {
            CHILD_FAILED: 'FAILURE',
            TOO_FEW_SUCCEEDED: 'FAILURE',
            CHILD_CANCELLED: 'CANCELLED',
            TURNS_EXHAUSTED: 'SUCCESS',
            INVALID_PARAMS: 'SUCCESS',
          }[error?.code ?? ''];
    const byOperator = status === 'SUCCESS' && chains.get(id)!.rows[position]!.result === 'operator';
    if ((status === 'SUCCESS' || status === 'FAILURE') && !byOperator && of !== right) {
      throw new Violation('I15', `${id}/${position} is ${status} and its child ${child.chain_id} is ${of}`);
    }
  }

  /** I18: the result of a list are those of its instances in their order; without a child it succeeds where the list is empty alone. */
  private listed(id: string, position: number, child: Child | undefined, chains: Chains): void {
    const { tasks, rows } = chains.get(id)!;
    const { config, result } = rows[position]!;
    const was = this.before.get(id)?.tasks[position];
    const ends = was !== undefined && was.status !== 'SUCCESS' && tasks[position]!.status === 'SUCCESS';
    if (config?.args === undefined || !ends || (result as unknown) === 'operator') return;
    const collected =
      was.hold === 'CHILD' && child !== undefined ? chains.get(child.chain_id)!.rows.at(-1)!.result : [];
    const items = was.hold === 'CHILD' ? config.args.items : [];
    if (!isDeepStrictEqual(result, collected) || !isDeepStrictEqual(items, config.args.items)) {
      throw new Violation('I18', `${id}/${position} of ${JSON.stringify(config.args)} has ${JSON.stringify(result)}`);
    }
  }

  /** Open children whose task does not wait for them. */
  strays(chains: Chains): string[] {
    return this.known.flatMap(({ chain_id: id, parent_chain_id, parent_position, parent_attempt }) => {
      const { hold, attempt } = chains.get(parent_chain_id)!.tasks[parent_position]!;
      const waits = hold === 'CHILD' && attempt === parent_attempt;
      return waits || ENDED.has(chains.get(id)!.chain.status) ? [] : [id];
    });
  }

  /** At rest no child goes on alone. */
  atRest(chains: Chains): void {
    for (const { chain_id: id, parent_chain_id: parent } of this.known) {
      const [own, above] = [chains.get(id)!.chain.status, chains.get(parent)!.chain.status];
      if (ENDED.has(above) && !ENDED.has(own)) throw new Violation('I15', `${id} is ${own} and its parent ${above}`);
    }
  }
}

/** I18: the chain of a list has an instance for each item in its order, with that item, and the task that collects after them. */
function expanded({ chain_id: id, parent_chain_id, parent_position }: Child, chains: Chains): void {
  const { tasks, rows } = chains.get(parent_chain_id)!;
  const items = rows[parent_position]!.config?.args?.items;
  if (items === undefined) return;
  const { taskId: base } = tasks[parent_position]!;
  const right = (items as unknown[]).map((item, index) => [`${base}[${index}]`, item, index]);
  const own = chains.get(id)!;
  const made = own.tasks.map(({ taskId }, i) => [taskId, own.rows[i]!.config?.item, own.rows[i]!.config?.index]);
  if (isDeepStrictEqual(made, [...right, [base, undefined, undefined]])) return;
  throw new Violation('I18', `${id} of ${JSON.stringify(items)} has ${JSON.stringify(made)}`);
}

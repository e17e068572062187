import { parse } from '@bufbuild/cel';
import { placeIn, syntaxFault } from '#libs/chain-domain';
import { callable, callableNames, STEP, typeNames } from './functions.js';

/** Characters of a condition at most. */
export const MAX_CONDITION_LENGTH = 2_000;
const MAX_DEPTH = 100;
const MAX_NODES = 1_000;
/** Macros over lists (all, exists, exists_one, map, filter): within each other, and in one condition. */
const MAX_NESTED_MACROS = 2;
const MAX_MACROS = 8;

type Parsed = ReturnType<typeof parse>;
type Expr = NonNullable<Parsed['expr']>;

/** A condition that may be evaluated, or what is wrong with it, with line and column. */
export type ConditionReading =
  | { readonly ok: true; readonly taskIds: readonly string[]; readonly parsed: Parsed }
  | { readonly ok: false; readonly message: string };

class ConditionFault extends Error {
  constructor(
    message: string,
    readonly at?: Expr,
  ) {
    super(message);
  }
}

/**
 * Reads a condition: its syntax, that it names only what there is (`tasks.<id>.status`, `tasks.<id>.result`,
 * `chain.name`, `.type`, `.metadata`, `params`), and that it stays within its limits. Macros are made to pay for each
 * round of their loop. Never throws.
 */
export function readCondition(text: string): ConditionReading {
  if (text.length > MAX_CONDITION_LENGTH) {
    return { ok: false, message: `it has ${text.length} characters, more than ${MAX_CONDITION_LENGTH}` };
  }
  let parsed: Parsed;
  try {
    parsed = parse(text);
  } catch (error) {
    return { ok: false, message: syntaxFault(text, error) };
  }
  const reader = new Reader();
  try {
    reader.read(parsed.expr!, new Set(), 1);
    return { ok: true, taskIds: [...reader.taskIds], parsed };
  } catch (error) {
    if (!(error instanceof ConditionFault)) throw error;
    const offset = error.at === undefined ? undefined : parsed.sourceInfo?.positions[String(error.at.id)];
    const where = offset === undefined ? '' : ` (${placeIn(text, offset)})`;
    return { ok: false, message: `${error.message}${where}` };
  }
}

class Reader {
  readonly taskIds = new Set<string>();
  private nodes = 0;
  private macros = 0;
  private nested = 0;

  /** Goes through the tree; returns how many nodes the part has. */
  read(expr: Expr, variables: ReadonlySet<string>, depth: number): number {
    if (++this.nodes > MAX_NODES) throw new ConditionFault(`it has more than ${MAX_NODES} parts`);
    if (depth > MAX_DEPTH) throw new ConditionFault(`it is nested deeper than ${MAX_DEPTH} levels`, expr);
    const before = this.nodes;
    const all = (...parts: (Expr | undefined)[]): void => {
      for (const part of parts) if (part !== undefined) this.read(part, variables, depth + 1);
    };
    const { exprKind } = expr;
    switch (exprKind.case) {
      case 'identExpr':
        this.readName(exprKind.value.name, variables, expr);
        break;
      case 'selectExpr': {
        const { operand, field } = exprKind.value;
        if (!this.readKnown(operand!, field, variables, expr)) all(operand);
        break;
      }
      case 'callExpr': {
        const { function: name, target, args } = exprKind.value;
        if (!callable.has(name)) {
          throw new ConditionFault(
            `there is no function ${name}() to call like this: there are ${callableNames}`,
            expr,
          );
        }
        if (taskIdOf(expr, variables) !== undefined) throw bareTask(expr);
        all(target, ...args);
        break;
      }
      case 'listExpr':
        all(...exprKind.value.elements);
        break;
      case 'structExpr':
        for (const { keyKind, value } of exprKind.value.entries) {
          if (keyKind.case !== 'mapKey')
            throw new ConditionFault('messages are not known here: use {"key": value}', expr);
          all(keyKind.value, value);
        }
        break;
      case 'comprehensionExpr':
        this.readMacro(exprKind.value, variables, depth, expr);
        break;
      default:
    }
    return this.nodes - before + 1;
  }

  private readMacro(
    loop: Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value'],
    variables: ReadonlySet<string>,
    depth: number,
    at: Expr,
  ): void {
    if (++this.macros > MAX_MACROS) throw new ConditionFault(`it has more than ${MAX_MACROS} macros`, at);
    if (RESERVED.has(loop.iterVar)) throw new ConditionFault(`a macro's variable is not called ${loop.iterVar}`, at);
    this.read(loop.iterRange!, variables, depth + 1);
    this.read(loop.accuInit!, variables, depth + 1);
    if (++this.nested > MAX_NESTED_MACROS) {
      throw new ConditionFault(`macros lie more than ${MAX_NESTED_MACROS} deep in each other`, at);
    }
    const inner = new Set([...variables, loop.iterVar, loop.accuVar]);
    const condition = loop.loopCondition!;
    const cost = this.read(condition, inner, depth + 1) + this.read(loop.loopStep!, inner, depth + 1);
    this.read(loop.result!, inner, depth + 1);
    this.nested--;
    loop.loopCondition = stepping(condition, cost);
  }

  /** `tasks.<id>.status` and the like; false when the selection is of something else. */
  private readKnown(operand: Expr, field: string, variables: ReadonlySet<string>, at: Expr): boolean {
    const taskId = taskIdOf(operand, variables);
    if (taskId !== undefined) {
      if (field !== 'status' && field !== 'result') {
        const guess = taskId.includes('.') ? '' : `; an id with a dot is written tasks["${taskId}.${field}"]`;
        throw new ConditionFault(`a task has status and result, and no ${field}${guess}`, at);
      }
      this.taskIds.add(taskId);
      return true;
    }
    if (isName(operand, 'tasks', variables)) throw bareTask(at);
    if (!isName(operand, 'chain', variables)) return false;
    if (CHAIN_FIELDS.includes(field)) return true;
    throw new ConditionFault(`chain has ${CHAIN_FIELDS.join(', ')}, and no ${field}`, at);
  }

  private readName(name: string, variables: ReadonlySet<string>, at: Expr): void {
    if (variables.has(name) || typeNames.has(name) || name === 'params') return;
    if (name === 'tasks') throw bareTask(at);
    if (name === 'chain')
      throw new ConditionFault(`chain is not used alone: name ${CHAIN_FIELDS.join(', ')} of it`, at);
    throw new ConditionFault(`there is no ${name}: there are tasks, chain and params`, at);
  }
}

const CHAIN_FIELDS = ['name', 'type', 'metadata'];
const RESERVED: ReadonlySet<string> = new Set(['tasks', 'chain', 'params']);

function bareTask(at: Expr): ConditionFault {
  return new ConditionFault('a task is named as tasks.<id>.status or .result, or as tasks["<id>"].status', at);
}

function isName(expr: Expr, name: string, variables: ReadonlySet<string>): boolean {
  return expr.exprKind.case === 'identExpr' && expr.exprKind.value.name === name && !variables.has(name);
}

/** The id in `tasks.<id>` and `tasks["<id>"]`. */
function taskIdOf({ exprKind }: Expr, variables: ReadonlySet<string>): string | undefined {
  if (exprKind.case === 'selectExpr') {
    const { operand, field, testOnly } = exprKind.value;
    return !testOnly && isName(operand!, 'tasks', variables) ? field : undefined;
  }
  if (exprKind.case !== 'callExpr' || exprKind.value.function !== '_[_]') return undefined;
  const [tasks, id] = exprKind.value.args;
  if (!isName(tasks!, 'tasks', variables) || id!.exprKind.case !== 'constExpr') return undefined;
  const { constantKind } = id!.exprKind.value;
  return constantKind.case === 'stringValue' ? constantKind.value : undefined;
}

/** `condition`, paying for a round of its loop each time that it is asked. */
function stepping(condition: Expr, cost: number): Expr {
  const constant = {
    $typeName: 'cel.expr.Constant',
    constantKind: { case: 'int64Value', value: BigInt(cost) },
  } as const;
  const steps: Expr = {
    $typeName: 'cel.expr.Expr',
    id: condition.id,
    exprKind: { case: 'constExpr', value: constant },
  };
  const value = { $typeName: 'cel.expr.Expr.Call', function: STEP, args: [condition, steps] } as const;
  return { ...condition, exprKind: { case: 'callExpr', value: { ...value, args: [...value.args] } } };
}

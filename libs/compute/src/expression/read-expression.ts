import { parse } from '@bufbuild/cel';
import { placeIn, syntaxFault } from '#libs/chain-domain';
import { functionNames, functionOf, MAX_ARGUMENTS, numberOf, type ExpressionFunction } from './functions.js';
import {
  among,
  call,
  choice,
  coalesce,
  comparison,
  constant,
  isComparison,
  logic,
  typed,
  type Bind,
  type Part,
} from './parts.js';
import type { Type } from './value.js';

/** Characters of an expression at most. */
export const MAX_EXPRESSION_LENGTH = 2_000;
const MAX_DEPTH = 100;
const MAX_PARTS = 500;

type Expr = NonNullable<ReturnType<typeof parse>['expr']>;
type Kind<Case> = Extract<Expr['exprKind'], { case: Case }>;
type Constant = Kind<'constExpr'>['value'];

/** An expression whose types fit. */
export interface Expression {
  /** What each row comes to. */
  readonly type: Type;
  /** The columns that it reads, in the order of their names. */
  readonly columns: readonly string[];
  readonly bind: Bind;
}

class ExpressionFault extends Error {
  constructor(
    message: string,
    readonly at: Expr,
  ) {
    super(message);
  }
}

/**
 * Reads an expression over the columns of a table, in the syntax of CEL, which `when` has as well: by `@bufbuild/cel`'s parser alone. CEL's own
 * evaluation was tried: its whole numbers and its numbers do not mix, a missing value is an error, and a type is known only in the row. Here a type
 * follows from the text, a missing value makes what is made of it missing, as in SQL, and nothing loops: each part is evaluated once a row at most.
 * `wanted` is the type that it must have. Never throws: without an expression there is what is wrong, with line and column.
 */
export function readExpression(text: string, wanted?: Type): Expression | string {
  if (text.length > MAX_EXPRESSION_LENGTH)
    return `it has ${text.length} characters, more than ${MAX_EXPRESSION_LENGTH}`;
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(text);
  } catch (error) {
    return syntaxFault(text, error);
  }
  const reader = new Reader();
  try {
    const part = reader.part(parsed.expr, 1);
    if (wanted !== undefined && part.type !== null && part.type !== wanted) {
      throw new ExpressionFault(`it must be a ${wanted}, and is a ${part.type}`, parsed.expr);
    }
    const type = wanted ?? part.type ?? 'text';
    return { type, columns: [...reader.columns].sort(), bind: part.bind(type) };
  } catch (error) {
    if (!(error instanceof ExpressionFault)) throw error;
    const offset = parsed.sourceInfo?.positions[String(error.at.id)];
    return offset === undefined ? error.message : `${error.message} (${placeIn(text, offset)})`;
  }
}

class Reader {
  readonly columns = new Set<string>();
  private parts = 0;

  part(expr: Expr, depth: number): Part {
    if (++this.parts > MAX_PARTS) throw new ExpressionFault(`it has more than ${MAX_PARTS} parts`, expr);
    if (depth > MAX_DEPTH) throw new ExpressionFault(`it is nested deeper than ${MAX_DEPTH} levels`, expr);
    const { exprKind } = expr;
    switch (exprKind.case) {
      case 'constExpr':
        return constantPart(exprKind.value, expr);
      case 'identExpr':
        if (exprKind.value.name === 'row') throw new ExpressionFault('a column is named as row["name"]', expr);
        return this.column(exprKind.value.name);
      case 'callExpr':
        return this.call(exprKind.value, expr, depth + 1);
      case 'selectExpr':
        throw new ExpressionFault('there are no fields: a column with a dot in its name is row["a.b"]', expr);
      case 'listExpr':
        throw new ExpressionFault('a list stands behind in alone', expr);
      default:
        throw new ExpressionFault('there are no maps, messages and macros here', expr);
    }
  }

  private column(name: string): Part {
    this.columns.add(name);
    return { type: null, bind: (type) => (place) => place.field(name, type) };
  }

  private call({ function: name, target, args }: Kind<'callExpr'>['value'], at: Expr, depth: number): Part {
    if (name === '_[_]') return this.column(columnOf(args, at));
    const operands = target === undefined ? args : [target, ...args];
    if (name === '@in') return this.among(operands, depth);
    const parts = operands.map((each) => this.part(each, depth));
    const all = (type: Type): Bind[] => parts.map((part, index) => need(part, type, operands[index]!));
    const [first, second, third] = operands;
    if (name === '_&&_' || name === '_||_') return typed('bool', logic(name === '_||_', all('bool')));
    if (name === '_?_:_') {
      const [condition, then, otherwise] = parts as [Part, Part, Part];
      const holds = need(condition, 'bool', first!);
      const bind = (type: Type): Bind => choice(holds, need(then, type, second!), need(otherwise, type, third!));
      return ofOneType([then, otherwise], bind);
    }
    if (isComparison(name)) return compared(name, parts, operands, at);
    if (name === 'coalesce') {
      requireCount(name, operands, 1, MAX_ARGUMENTS, at);
      return ofOneType(parts, (type) => coalesce(all(type)));
    }
    if (name === 'number' || name === 'text') {
      requireCount(name, operands, 1, 1, at);
      return converted(name, parts[0]!);
    }
    const known = functionOf(name);
    if (known === undefined) {
      const names = ['coalesce', 'number', 'text', ...functionNames].join(', ');
      throw new ExpressionFault(`there is no function ${name}(): there are ${names}`, at);
    }
    requireCount(name, operands, known.least, known.most, at);
    const types = parts.map((_, index) => known.args[Math.min(index, known.args.length - 1)]!);
    return typed(
      known.result,
      call(
        known,
        parts.map((part, index) => need(part, types[index]!, operands[index]!)),
      ),
    );
  }

  private among(operands: readonly Expr[], depth: number): Part {
    const [sought, list] = operands as [Expr, Expr];
    if (list.exprKind.case !== 'listExpr') throw new ExpressionFault('behind in stands a list: x in ["a", "b"]', list);
    const exprs = [sought, ...list.exprKind.value.elements];
    const parts = exprs.map((each) => this.part(each, depth));
    const type = oneTypeOf(parts) ?? 'text';
    const [value, ...items] = parts.map((part, index) => need(part, type, exprs[index]!));
    return typed(
      'bool',
      among(
        value!,
        items,
        exprs.slice(1).every(({ exprKind }) => exprKind.case === 'constExpr'),
      ),
    );
  }
}

/** The name in row["name"]. */
function columnOf([row, name]: readonly Expr[], at: Expr): string {
  const isRow = row!.exprKind.case === 'identExpr' && row!.exprKind.value.name === 'row';
  const constantKind = name!.exprKind.case === 'constExpr' ? name!.exprKind.value.constantKind : undefined;
  if (isRow && constantKind?.case === 'stringValue') return constantKind.value;
  throw new ExpressionFault('in brackets stands the name of a column alone: row["name"]', at);
}

function constantPart({ constantKind: { case: kind, value } }: Constant, at: Expr): Part {
  switch (kind) {
    case 'int64Value':
    case 'uint64Value':
    case 'doubleValue':
      return typed('number', () => constant(Number(value)));
    case 'stringValue':
      return typed('text', () => constant(value));
    case 'boolValue':
      return typed('bool', () => constant(value));
    case 'nullValue':
      return { type: null, bind: () => () => constant(null) };
    default:
      throw new ExpressionFault('there are no bytes here', at);
  }
}

/** The part with the type that is needed. */
function need(part: Part, type: Type, at: Expr): Bind {
  if (part.type === null || part.type === type) return part.bind(type);
  const mend = { number: ': number(...) makes one', text: ': text(...) makes one', bool: '' }[type];
  throw new ExpressionFault(`a ${type} is needed here, and this is a ${part.type}${mend}`, at);
}

const oneTypeOf = (parts: readonly Part[]): Type | null => parts.find(({ type }) => type !== null)?.type ?? null;

/** A part that has the type of the first of these that has one, or else that is asked of it. */
function ofOneType(parts: readonly Part[], bind: (type: Type) => Bind): Part {
  const type = oneTypeOf(parts);
  return type === null ? { type, bind } : typed(type, bind(type));
}

function compared(name: string, parts: readonly Part[], operands: readonly Expr[], at: Expr): Part {
  const [left, right] = parts as [Part, Part];
  const isNull = (expr: Expr): boolean =>
    expr.exprKind.case === 'constExpr' && expr.exprKind.value.constantKind.case === 'nullValue';
  const sides = operands.filter((each) => !isNull(each));
  if (sides.length < 2 && (name === '_==_' || name === '_!=_')) {
    const part = isNull(operands[0]!) ? right : left;
    return typed('bool', missing(part.bind(part.type ?? 'text'), name === '_==_'));
  }
  const type = oneTypeOf(parts);
  if (type === null) {
    throw new ExpressionFault('two columns are compared: say number(...) or text(...) of one of them', at);
  }
  if (type === 'bool' && name !== '_==_' && name !== '_!=_') {
    throw new ExpressionFault('of two bools none is larger', at);
  }
  return typed('bool', comparison(name, need(left, type, operands[0]!), need(right, type, operands[1]!)));
}

/** Whether the part is missing, or is not. */
const missing =
  (part: Bind, wanted: boolean): Bind =>
  (place) => {
    const evaluate = part(place);
    return (row, at) => (evaluate(row, at) === null) === wanted;
  };

/** A column counts as text first: what is no number is missing, and fails nothing. */
function converted(to: 'number' | 'text', part: Part): Part {
  const from = part.type ?? 'text';
  const bind = part.bind(from);
  return from === to ? typed(to, bind) : typed(to, call({ work: conversion(from, to) }, [bind]));
}

function conversion(from: Type, to: 'number' | 'text'): ExpressionFunction['work'] {
  if (to === 'text') return (value: number | boolean) => String(value);
  return from === 'text' ? numberOf : (value: boolean) => Number(value);
}

function requireCount(name: string, args: readonly Expr[], least: number, most: number, at: Expr): void {
  if (args.length >= least && args.length <= most) return;
  const count = least === most ? String(least) : `${least} to ${most}`;
  throw new ExpressionFault(`${name}() takes ${count} arguments, and has ${args.length}`, at);
}

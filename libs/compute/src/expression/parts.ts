import type { ExpressionFunction } from './functions.js';
import { settled, type Type, type Value } from './value.js';

/** What a part comes to in a row of a table. `rowNumber` counts data rows from 1. */
export type Evaluate = (row: readonly string[], rowNumber: number) => Value;

/** The table that an expression is asked of. */
export interface RowPlace {
  /** The field of a column, as a value of the type. */
  field(column: string, type: Type): Evaluate;
}
export type Bind = (place: RowPlace) => Evaluate;

/** A part of an expression whose types fit. A column, or null, has the type that is asked of it. */
export interface Part {
  readonly type: Type | null;
  /** Of a part with a type, that type. */
  bind(type: Type): Bind;
}

export const typed = (type: Type, bind: Bind): Part => ({ type, bind: () => bind });

export const constant =
  (value: Value): Evaluate =>
  () =>
    value;

/** The function of these parts: missing where one of them is. */
export function call({ work }: Pick<ExpressionFunction, 'work'>, args: readonly Bind[]): Bind {
  const apply = work as (...values: Value[]) => Value;
  return (place) => {
    const evaluate = args.map((arg) => arg(place));
    const [first, second] = evaluate;
    if (evaluate.length === 1)
      return (row, at) => {
        const value = first!(row, at);
        return value === null ? null : settled(apply(value));
      };
    if (evaluate.length === 2)
      return (row, at) => {
        const [left, right] = [first!(row, at), second!(row, at)];
        return left === null || right === null ? null : settled(apply(left, right));
      };
    return (row, at) => {
      const values = evaluate.map((each) => each(row, at));
      return values.includes(null) ? null : settled(apply(...values));
    };
  };
}

/** Three values, as in SQL: `decides` settles it, else a missing part makes it missing. */
export function logic(decides: boolean, args: readonly Bind[]): Bind {
  return (place) => {
    const evaluate = args.map((arg) => arg(place));
    return (row, at) => {
      let value: Value = !decides;
      for (const each of evaluate) {
        const next = each(row, at);
        if (next === decides) return decides;
        if (next === null) value = null;
      }
      return value;
    };
  };
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  '_==_': (order) => order === 0,
  '_!=_': (order) => order !== 0,
  '_<_': (order) => order < 0,
  '_<=_': (order) => order <= 0,
  '_>_': (order) => order > 0,
  '_>=_': (order) => order >= 0,
};

/** Whether a name is that of a comparison. */
export const isComparison = (name: string): boolean => Object.hasOwn(COMPARISONS, name);

/** Numbers by size, texts by code unit; missing where one of the two is. */
export function comparison(name: string, left: Bind, right: Bind): Bind {
  const holds = COMPARISONS[name]!;
  const work = (one: number | string, other: number | string): boolean => holds(one < other ? -1 : one > other ? 1 : 0);
  return call({ work }, [left, right]);
}

/** Whether the value is one of the list; missing where it is, or where it is not found among values of which one is missing. */
export function among(value: Bind, items: readonly Bind[], areConstant: boolean): Bind {
  return (place) => {
    const [sought, evaluate] = [value(place), items.map((item) => item(place))];
    const known = areConstant ? new Set(evaluate.map((each) => each([], 0))) : undefined;
    return (row, at) => {
      const found = sought(row, at);
      if (found === null) return null;
      const values = known ?? new Set(evaluate.map((each) => each(row, at)));
      return values.has(found) ? true : values.has(null) ? null : false;
    };
  };
}

/** The first part where the condition holds, else the second: also where the condition is missing. */
export function choice(condition: Bind, then: Bind, otherwise: Bind): Bind {
  return (place) => {
    const [holds, one, other] = [condition(place), then(place), otherwise(place)];
    return (row, at) => (holds(row, at) === true ? one : other)(row, at);
  };
}

/** The first part that is not missing. */
export function coalesce(args: readonly Bind[]): Bind {
  return (place) => {
    const evaluate = args.map((arg) => arg(place));
    return (row, at) => {
      for (const each of evaluate) {
        const value = each(row, at);
        if (value !== null) return value;
      }
      return null;
    };
  };
}

/**
 * A step machine: it yields what it will do next, and continues with a number, the only source of chance in that step. Between
 * two steps its process may die, stop for a while, or be overtaken by any other.
 */
export type Machine<T = void> = Generator<string, T, number>;

import { createInstrumenter } from '@stryker-mutator/instrumenter';
import { createInjector } from 'typed-inject';
import type { Mutant } from './mutant.js';

const silent = (): void => undefined;
const no = (): boolean => false;
const logger = {
  ...{ isTraceEnabled: no, isDebugEnabled: no, isInfoEnabled: no, isWarnEnabled: no, isErrorEnabled: no },
  ...{ isFatalEnabled: no, trace: silent, debug: silent, info: silent, warn: silent, error: silent, fatal: silent },
};
const instrumenter = createInstrumenter(
  createInjector()
    .provideValue('getLogger', () => logger)
    .provideValue('logger', logger),
);

/** Mutants of a TypeScript file by the rules of StrykerJS, which leave types, imports and decorators alone. */
export async function codeMutants(file: string, text: string): Promise<Mutant[]> {
  const { mutants } = await instrumenter.instrument([{ name: file, content: text, mutate: true }], {
    plugins: null,
    excludedMutations: [],
    ignorers: [],
  });
  const lines = text.split('\n');
  const starts = [0];
  for (const line of lines) starts.push(starts.at(-1)! + line.length + 1);
  return mutants.map(({ location: { start, end }, mutatorName, replacement }) => ({
    file,
    start: starts[start.line]! + start.column,
    end: starts[end.line]! + end.column,
    // A block or the case of a switch is no expression.
    replacement: /^(\{|case\b|default\b)/.test(replacement) ? replacement : `(${replacement})`,
    kind: mutatorName,
  }));
}

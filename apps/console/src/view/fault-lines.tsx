import type { FaultDto } from '#client';
import { todosOf, useErrorWords } from './error-words.js';
import { shownText } from './name.js';

/** More say nothing new. */
const SHOWN = 20;

/** What is wrong with something that was filled in, each with its place. */
export function FaultLines({ of }: { of: readonly FaultDto[] }) {
  const words = useErrorWords();
  return of.slice(0, SHOWN).map(({ code, pointer, message }) => (
    <p key={code + (pointer ?? '') + message} className="fault">
      <code>{shownText(pointer ?? code, 80)}</code> {shownText(message, 400)} {todosOf(words('faults', code))}
    </p>
  ));
}

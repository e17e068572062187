import type { ReactNode } from 'react';

/** More of a name than this is shown nowhere: a chain's text may be 64 kB long. */
const LONGEST = 200;

/** They turn text round, so that `exe.png` may be the end of a program's name. */
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** With a mark for each character that turns text round, so that nobody reads another text than what is there. */
export const marked = (text: string): string =>
  text.replaceAll(TURNS, (turn) => `\\u${turn.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A text that somebody wrote as it may be shown: marked, and of bounded length. */
export const shownText = (text: string, longest = LONGEST): string =>
  marked(text.length > longest ? `${text.slice(0, longest)}…` : text);

interface Chosen {
  readonly label?: ReactNode;
  readonly value?: string | number;
}

/** What is chosen in a field as it may be shown: what nobody offered has no other label than itself. */
export const shownChoice = ({ label, value = '' }: Chosen): ReactNode =>
  label === undefined || label === value ? shownText(String(value)) : label;

/** A text that somebody wrote, in a direction of its own. */
export function Name({ text, className }: { text: string; className?: string }) {
  return <bdi className={className}>{shownText(text)}</bdi>;
}

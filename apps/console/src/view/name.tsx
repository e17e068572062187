/** More of a name than this is shown nowhere: a chain's text may be 64 kB long. */
const LONGEST = 200;

/** They turn text round, so that `exe.png` may be the end of a program's name. */
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text that somebody wrote as it may be shown: of bounded length, and with a mark for each character that turns text round. */
export const shownText = (text: string): string =>
  (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text).replaceAll(TURNS, '\ufffd');

/** A text that somebody wrote, in a direction of its own. */
export function Name({ text, className }: { text: string; className?: string }) {
  return <bdi className={className}>{shownText(text)}</bdi>;
}

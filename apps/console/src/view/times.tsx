import { useEffect, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { Name } from './name.js';

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365.25 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

const HINTS_MS = 10_000;
let hintsAt = Date.now();
/** One clock for all hints of a page. */
const tick = (changed: () => void) => {
  const timer = setInterval(() => {
    hintsAt = Date.now();
    changed();
  }, HINTS_MS);
  return () => clearInterval(timer);
};

const formats = new Map<string, Intl.RelativeTimeFormat>();
/** One for each language: a page of 50 chains asks for as many. */
function relativeIn(language: string): Intl.RelativeTimeFormat {
  const known = formats.get(language) ?? new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  formats.set(language, known);
  return known;
}

/** A time in the user's zone, with how long ago it was; one that is to come is `ahead`. */
export function Time({ at, ahead = false }: { at: string | null | undefined; ahead?: boolean }) {
  const { i18n } = useTranslation();
  const now = useSyncExternalStore(tick, () => hintsAt);
  if (at === null || at === undefined) return <>–</>;
  if (Number.isNaN(Date.parse(at))) return <Name text={at} />;
  const since = Date.parse(at) - now;
  // Clocks differ: what has been is not shown as to come.
  const seconds = (ahead ? Math.max(0, since) : Math.min(0, since)) / 1_000;
  const [unit, size] = STEPS.find(([, each]) => Math.abs(seconds) >= each) ?? STEPS.at(-1)!;
  const relative = relativeIn(i18n.language);
  return (
    <time dateTime={at} className="time">
      {exactTime(at)} <span className="dim">{relative.format(Math.round(seconds / size), unit)}</span>
    </time>
  );
}

/** Sweden writes dates as ISO 8601 does, which nobody takes for another day. */
const exact = new Intl.DateTimeFormat('sv', { dateStyle: 'short', timeStyle: 'medium' });
/** A time in the user's zone: 2026-01-31 12:00:00. */
export const exactTime = (at: string): string => (Number.isNaN(Date.parse(at)) ? at : exact.format(new Date(at)));

/** 12 ms, 1.2 s, 3 min 4 s, 2 h 5 min. The parts of one stand on one line. */
export function duration(ms: number): string {
  if (Math.abs(ms) < 95) return withUnits([Math.round(ms), 'ms']);
  if (ms < 60_000) return withUnits([(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0), 's']);
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return withUnits([minutes, 'min'], [Math.floor((ms % 60_000) / 1_000), 's']);
  return withUnits([Math.floor(minutes / 60), 'h'], [minutes % 60, 'min']);
}

const NO_BREAK = '\u00a0';
const withUnits = (...parts: readonly (readonly [number | string, string])[]): string =>
  parts.map((part) => part.join(NO_BREAK)).join(NO_BREAK);

/** Now, again each second while `running`. */
export function useNow(running: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

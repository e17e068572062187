import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { exactTime } from '../view/times.js';

/** Filters of the API: a time at which what is listed begins, and one before which it ends. */
const NAMES = ['created_from', 'created_to'] as const;
type DayFilter = (typeof NAMES)[number];
const FIRST_DAY = '1970-01-01';

interface DaysProps {
  readonly search: URLSearchParams;
  readonly set: (name: string, value: string) => void;
}

/** The days, in the user's zone, between which chains were created: a way to any depth of a list. */
export function Days({ search, set }: DaysProps) {
  const { t } = useTranslation();
  return NAMES.map((name) => (
    <label key={name} className="day">
      {t(`chains.filters.${name}`)}{' '}
      <Day day={dayOf(name, search.get(name))} choose={(day) => set(name, momentOf(name, day))} />
    </label>
  ));
}

/**
 * A day that is chosen at once, or typed: that counts by Enter, or when the field is left. Browsers tell of each digit, and of 2 as the year 0002
 * while 2026 is typed.
 */
function Day({ day, choose }: { day: string; choose: (day: string) => void }) {
  const [draft, write] = useState<string>();
  const isTyped = useRef(false);
  const take = (chosen: string) => {
    if (chosen !== day && (chosen === '' || chosen >= FIRST_DAY)) choose(chosen);
  };
  const end = () => {
    isTyped.current = false;
    write(undefined);
    if (draft !== undefined) take(draft);
  };
  return (
    <input
      type="date"
      min={FIRST_DAY}
      max="9999-12-31"
      value={draft ?? day}
      onKeyDown={({ key }) => {
        if (key === 'Enter') end();
        else isTyped.current = true;
      }}
      onChange={({ target }) => (isTyped.current ? write(target.value) : take(target.value))}
      onBlur={end}
    />
  );
}

/** The whole day is meant: a list ends where the next one begins. */
const shiftOf = (name: DayFilter): number => (name === 'created_to' ? 1 : 0);

function momentOf(name: DayFilter, day: string): string {
  const [year, month, date] = day.split('-').map(Number);
  if (year === undefined || month === undefined || date === undefined) return '';
  return new Date(year, month - 1, date + shiftOf(name)).toISOString();
}

function dayOf(name: DayFilter, moment: string | null): string {
  const at = new Date(moment ?? NaN);
  if (Number.isNaN(at.getTime())) return '';
  at.setDate(at.getDate() - shiftOf(name));
  return exactTime(at.toISOString()).split(' ')[0]!.padStart(FIRST_DAY.length, '0');
}

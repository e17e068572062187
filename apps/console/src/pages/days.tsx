import { useTranslation } from 'react-i18next';
import { exactTime } from '../view/times.js';

/** Filters of the API: a time at which what is listed begins, and one before which it ends. */
const NAMES = ['created_from', 'created_to'] as const;
type DayFilter = (typeof NAMES)[number];

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
      <input
        type="date"
        value={dayOf(name, search.get(name))}
        onChange={({ target }) => set(name, momentOf(name, target.value))}
      />
    </label>
  ));
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
  return exactTime(at.toISOString()).slice(0, 10);
}

import type { Say } from './words.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago something was, as kubectl writes it: 45s, 12m, 3h, 5d. */
export function ageOf(time: string, now = Date.now()): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(time)) / 1000));
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 2 * HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  return seconds < 2 * DAY ? `${Math.floor(seconds / HOUR)}h` : `${Math.floor(seconds / DAY)}d`;
}

/** A length of time in words: the largest unit of which it is two or more. */
export function spanOf(seconds: number, say: Say): string {
  const whole = (unit: number) => seconds % unit === 0 && seconds / unit >= 2;
  if (whole(DAY)) return say('{number} days', { number: seconds / DAY });
  if (whole(HOUR)) return say('{number} hours', { number: seconds / HOUR });
  if (whole(MINUTE)) return say('{number} minutes', { number: seconds / MINUTE });
  return say('{number} seconds', { number: seconds });
}

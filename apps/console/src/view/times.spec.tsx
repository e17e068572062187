/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { cleanup, render } from '@testing-library/react';
import '../i18n.js';
import { duration, exactTime, Time } from './times.js';

afterEach(cleanup);

test('a time that no calendar has is shown as it was written, and breaks no page', () => {
  // People write times into statements, and others look at them.
  const none = '2026-99-99T00:00:00Z';
  expect(render(<Time at={none} />).container.textContent).toBe(none);
  expect(exactTime(none)).toBe(none);
});

test('a time that is years away is given in years', () => {
  const year = 365.25 * 86_400_000;
  const said = (years: number): string | null =>
    render(<Time at={new Date(Date.now() + years * year).toISOString()} ahead />).container.querySelector('.dim')!
      .textContent;
  expect([said(72), said(0.9)]).toEqual(['in 72 years', 'in 329 days']);
});

test.each([
  [0, '0 ms'],
  [12.4, '12 ms'],
  [94, '94 ms'],
  [96, '0.1 s'],
  [3_640, '3.6 s'],
  [274_000, '4 min 34 s'],
  [7_500_000, '2 h 5 min'],
])('%d ms are shown as %s, on one line', (ms, shown) => {
  expect(duration(ms)).toBe(shown.replaceAll(' ', '\u00a0'));
});

/** @jest-environment jsdom */
import { afterEach, expect, test } from '@jest/globals';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import '../i18n.js';
import { Days } from './days.js';

afterEach(cleanup);

/** The two days over an address, and what was set there. */
function shown(address: string) {
  const told: (readonly [string, string])[] = [];
  function Page() {
    const [search, setSearch] = useState(() => new URLSearchParams(address));
    const set = (name: string, value: string) => {
      told.push([name, value]);
      setSearch(new URLSearchParams({ ...Object.fromEntries(search), [name]: value }));
    };
    return <Days search={search} set={set} />;
  }
  render(<Page />);
  const field = screen.getByLabelText<HTMLInputElement>('Created from');
  /** Types a year as browsers tell of it: whole days, of the years 2, 20, 202 and 2025. */
  const type = (...days: readonly string[]) => {
    for (const value of days) {
      fireEvent.keyDown(field, { key: value.at(3)! });
      fireEvent.change(field, { target: { value } });
      expect([field.value, told]).toEqual([value, []]);
    }
  };
  return { field, told, type };
}
const startOf = (year: number, month: number, date: number) => new Date(year, month - 1, date).toISOString();

test('a day that is typed stays as it is typed, and counts by Enter', () => {
  const { field, told, type } = shown('created_from=2026-03-01T12:00:00.000Z');
  type('0002-03-01', '0020-03-01', '0202-03-01', '2025-03-01');
  fireEvent.keyDown(field, { key: 'Enter' });
  fireEvent.blur(field);
  expect([field.value, told]).toEqual(['2025-03-01', [['created_from', startOf(2025, 3, 1)]]]);
});

test('it counts as well once the field is left, unless no such year is meant', () => {
  const { field, told, type } = shown('created_from=2026-03-01T12:00:00.000Z');
  type('0002-03-01', '0020-03-01');
  fireEvent.blur(field);
  expect([field.value, told]).toEqual(['2026-03-01', []]);
  type('2024-03-01');
  fireEvent.blur(field);
  expect([field.value, told]).toEqual(['2024-03-01', [['created_from', startOf(2024, 3, 1)]]]);
});

test('a day that is chosen counts at once, and so does none', () => {
  const { field, told } = shown('');
  fireEvent.change(field, { target: { value: '2026-03-02' } });
  fireEvent.change(field, { target: { value: '' } });
  expect([field.value, told]).toEqual([
    '',
    [
      ['created_from', startOf(2026, 3, 2)],
      ['created_from', ''],
    ],
  ]);
});

test('a year of few digits in the address is a day of it', () => {
  const { field } = shown('created_from=0099-03-01T12:00:00.000Z');
  expect(field.value).toMatch(/^0099-0[23]-\d\d$/);
});

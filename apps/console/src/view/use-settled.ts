import { useEffect, useState } from 'react';

/** After the last change, ms. */
const PAUSE_MS = 400;

/** A text once it has stayed for a moment. */
export function useSettled(text: string): string {
  const [settled, settle] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => settle(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

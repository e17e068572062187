import { useEffect, useState } from 'react';
import { kept } from './kept.js';

export interface Look {
  readonly isDark: boolean;
  toggle(): void;
}

const system = matchMedia('(prefers-color-scheme: dark)');

/** Dark or light: as the user chose, or as the system has it. */
export function useTheme(): Look {
  const [chosen, choose] = useState(kept.read('theme'));
  const [systemDark, setSystemDark] = useState(system.matches);
  useEffect(() => {
    const listen = (event: MediaQueryListEvent) => setSystemDark(event.matches);
    system.addEventListener('change', listen);
    return () => system.removeEventListener('change', listen);
  }, []);
  const isDark = chosen === null ? systemDark : chosen === 'dark';
  useEffect(() => void (document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light'), [isDark]);
  const toggle = () => {
    const next = isDark ? 'light' : 'dark';
    kept.write('theme', next);
    choose(next);
  };
  return { isDark, toggle };
}

import { useEffect, useMemo, useState } from 'react';
import type { Drawn } from './bands.js';
import type { LaidOut, ToLayOut } from './layout.worker.js';

/** Where the nodes stand; undefined until they are laid out. Their states may change: only another graph is laid out anew. */
export function useLayout({ nodes, edges }: Drawn): LaidOut['places'] | undefined {
  const shape = JSON.stringify([nodes.map(({ id }) => id), edges]);
  const [found, setFound] = useState<{ shape: string; places: LaidOut['places'] }>();
  const worker = useMemo(() => new Worker(new URL('./layout.worker.ts', import.meta.url), { type: 'module' }), []);
  useEffect(() => () => worker.terminate(), [worker]);
  useEffect(() => {
    const [ids, lines] = JSON.parse(shape) as [string[], [string, string][]];
    const round = Math.random();
    const take = ({ data }: MessageEvent<LaidOut>) => {
      if (data.round === round) setFound({ shape, places: data.places });
    };
    worker.addEventListener('message', take);
    worker.postMessage({ round, ids, edges: lines } satisfies ToLayOut);
    return () => worker.removeEventListener('message', take);
  }, [worker, shape]);
  return found?.shape === shape ? found.places : undefined;
}

import { Button } from 'antd';
import { useState } from 'react';
import { Failed } from './failed.js';

interface RestoreDeletedProps {
  readonly about: string;
  readonly label: string;
  readonly restore: () => Promise<unknown>;
  readonly restored: () => void;
}

/** For what was just deleted, on its page, which is found by its address. */
export function RestoreDeleted({ about, label, restore, restored }: RestoreDeletedProps) {
  const [error, setError] = useState<unknown>();
  return (
    <>
      <p>{about}</p>
      <Button onClick={() => void restore().then(restored, setError)}>{label}</Button>
      {error !== undefined && <Failed error={error} />}
    </>
  );
}

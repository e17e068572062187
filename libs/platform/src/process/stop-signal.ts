/**
 * Calls `stop` once when the process is asked to end: SIGTERM, SIGINT, or the launcher that started it is gone
 * (its IPC channel closes). Then exits with code 0, or 1 if `stop` rejects; `onError` hears why.
 */
export function onStopSignal(stop: (reason: string) => Promise<void>, onError: (error: unknown) => void): void {
  let stopping = false;
  const begin = (reason: string) => {
    if (stopping) return;
    stopping = true;
    stop(reason).then(
      () => process.exit(0),
      (error: unknown) => {
        onError(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => begin('SIGTERM'));
  process.on('SIGINT', () => begin('SIGINT'));
  if (process.channel) {
    process.on('disconnect', () => begin('the launcher is gone'));
    process.channel.unref();
  }
}

// Asks whichever app runs here whether it is ready: a container has one app, and each has its own port.
const ports = [process.env.PORT, process.env.LISTENER_PORT, process.env.WORKER_PORT].filter(Boolean);
const ready = async (port) => {
  const response = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(2_500) });
  if (!response.ok) throw new Error(await response.text());
};
await Promise.any(ports.map(ready)).catch(({ errors }) => {
  process.stderr.write(`${errors.map(({ message }) => message).join('\n')}\n`);
  process.exit(1);
});

/** What the launcher leaves out of a line on the terminal: it is in the prefix already, or of no use there. */
const LEFT_OUT = new Set(['level', 'time', 'app', 'pid', 'msg', 'context', 'err']);

/**
 * One line of an app's log for the terminal: `12:00:01.123 INFO  message key=value`. What is not a JSON log line
 * comes back unchanged. undefined: what the framework says of its routes and modules, and what an engine found, is in the
 * log's file alone.
 */
export function compactLine(line: string): string | undefined {
  const entry = parse(line);
  if (!entry) return line;
  if (entry.level === 'info' && (entry.context !== undefined || entry.engine !== undefined)) return undefined;
  const time = typeof entry.time === 'string' ? `${entry.time.slice(11, 23)} ` : '';
  const level = String(entry.level).toUpperCase().padEnd(5);
  const context = typeof entry.context === 'string' ? `[${entry.context}] ` : '';
  const fields = Object.entries(entry).filter(([key]) => !LEFT_OUT.has(key));
  const rest = fields.map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const error = (entry.err as { stack?: string; message?: string } | undefined) ?? {};
  const stack = error.stack ?? error.message;
  return `${time}${level} ${context}${String(entry.msg ?? '')}${rest.join('')}${stack ? `\n${stack}` : ''}`;
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const entry = JSON.parse(line) as Record<string, unknown>;
    return typeof entry.level === 'string' ? entry : undefined;
  } catch {
    return undefined;
  }
}

// A reporter for node --test that shows failing tests, and the output of their files, in full; nothing of those that pass.

export default async function* failuresReporter(events) {
  const output = new Map();
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') {
      output.set(data.file, ((output.get(data.file) ?? '') + data.message).slice(-8000));
    } else if (type === 'test:fail' && data.skip === undefined && data.todo === undefined) {
      if (data.details?.error?.failureType === 'subtestsFailed') continue;
      const error = data.details?.error;
      const cause = error?.cause ?? error;
      yield `\n✖ ${data.name} (${data.file}:${data.line})\n${cause?.stack ?? String(cause?.message ?? cause)}\n`;
      const written = output.get(data.file);
      if (written) yield `--- written by this file:\n${written}\n---\n`;
      output.delete(data.file);
    }
  }
}

// A reporter for node --test that writes one JSON document: how many tests passed, failed and were skipped, and why.

/** Counts tests, not suites; a suite that is skipped or fails as a whole counts as one. */
export default async function* countsReporter(events) {
  const counts = { passed: 0, failed: 0, skipped: [] };
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const isSuite = data.details?.type === 'suite';
    if (data.skip !== undefined || data.todo !== undefined) {
      const reason = data.skip ?? data.todo;
      counts.skipped.push({
        name: data.name,
        reason: typeof reason === 'string' && reason ? reason : 'no reason given',
      });
    } else if (type === 'test:fail') {
      // A suite fails when one of its tests does, which is counted already, or by itself: in a hook, or by a time-out.
      if (!isSuite || data.details?.error?.failureType !== 'subtestsFailed') counts.failed += 1;
    } else if (!isSuite) counts.passed += 1;
  }
  yield JSON.stringify(counts);
}

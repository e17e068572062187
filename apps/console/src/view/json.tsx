/** Longer texts are cut: a result may have 64 KiB, and more is for a download. */
const LONGEST = 20_000;

/** A value as JSON that can be scrolled by keyboard. */
export function Json({ value, label }: { value: unknown; label: string }) {
  const text = JSON.stringify(value, null, 2) ?? 'null';
  return (
    <pre className="json" tabIndex={0} role="group" aria-label={label} dir="ltr">
      {text.length > LONGEST ? `${text.slice(0, LONGEST)}\n…` : text}
    </pre>
  );
}

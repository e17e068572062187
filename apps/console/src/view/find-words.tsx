import { Input } from 'antd';

/** A field for words that are looked for once Enter is pressed. `words` are those in the address. */
export function FindWords({ label, words, find }: { label: string; words: string; find: (words: string) => void }) {
  return (
    <Input.Search
      key={words}
      allowClear
      className="search"
      maxLength={255}
      defaultValue={words}
      aria-label={label}
      placeholder={label}
      onSearch={(text) => find(text.trim())}
    />
  );
}

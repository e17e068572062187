import { Typography } from 'antd';

/** A command that the owner types, to be copied: what signs never comes into the browser. */
export function Command({ of, children }: { of: string; children: string }) {
  return (
    <>
      <p>{children}</p>
      <Typography.Paragraph copyable={{ text: of }}>
        <code className="wrap">{of}</code>
      </Typography.Paragraph>
    </>
  );
}

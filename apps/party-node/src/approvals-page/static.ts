/** Hands over what the link has behind #, which no server gets. It leaves the address, and the history. */
export const SCRIPT = `const once = /^#once=([\\w-]{43})$/.exec(location.hash)?.[1];
if (once) {
  history.replaceState(null, '', location.pathname);
  const form = document.getElementById('sign-in');
  form.elements.once.value = once;
  form.requestSubmit();
}
`;

export const STYLE = `:root {
  color-scheme: light dark;
  --text: light-dark(#1b1f24, #e6e9ed);
  --quiet: light-dark(#57606a, #9aa4af);
  --back: light-dark(#ffffff, #15181c);
  --raised: light-dark(#f5f6f8, #1f2429);
  --line: light-dark(#d0d7de, #3a424b);
  --link: light-dark(#0b57d0, #8ab4f8);
  --fault: light-dark(#b3261e, #f2b8b5);
}
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); }
header { display: flex; justify-content: space-between; padding: 12px 24px; border-bottom: 1px solid var(--line); }
main { max-width: 60rem; margin: 0 auto; padding: 16px 24px 64px; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
h3, h4 { font-size: 1rem; overflow-wrap: anywhere; }
a { color: var(--link); }
dt { color: var(--quiet); margin-top: 12px; overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: 0.85rem ui-monospace, monospace; overflow-wrap: anywhere; }
pre { padding: 12px; font: 0.85rem/1.4 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; }
section pre { max-height: 30rem; overflow: auto; }
pre, code, dd { unicode-bidi: bidi-override; direction: ltr; }
.wide { overflow-x: auto; }
table { width: 100%; min-width: 46rem; border-collapse: collapse; }
th, td { padding: 8px 12px 8px 0; text-align: start; vertical-align: top; border-bottom: 1px solid var(--line); }
form, section, [role='alert'] { margin: 16px 0; padding: 12px 16px; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; }
[role='alert'] { border-color: var(--fault); }
[role='alert'] strong { color: var(--fault); }
label { display: block; margin-bottom: 12px; }
input { display: block; box-sizing: border-box; width: 100%; padding: 8px; font: inherit; color: inherit; background: var(--back); border: 1px solid var(--quiet); border-radius: 4px; }
input[type='checkbox'] { display: inline; width: auto; margin: 0 8px 0 0; }
button { margin: 0 8px 8px 0; padding: 8px 16px; font: inherit; color: var(--text); background: var(--back); border: 1px solid var(--quiet); border-radius: 4px; cursor: pointer; }
`;

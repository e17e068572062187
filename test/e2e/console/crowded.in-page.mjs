/**
 * Runs in a page: texts that are cut off or lie on each other, by comparing what they need with what they have. What scrolls, and what
 * ends in an ellipsis, is as it is meant; canvases move their nodes, and what is for screen readers alone takes one pixel.
 */
(() => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push(`page: ${root.scrollWidth} px in ${root.clientWidth}`);
  const words = (element) => (element.textContent ?? '').trim().slice(0, 40);
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if ((node.textContent ?? '').trim() === '') continue;
    if (
      element.closest('.canvas, .skip, .unseen, script, style, [aria-hidden=true], details:not([open]) > :not(summary)')
    )
      continue;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    const clip = clipOf(element);
    if (clip === 'meant') continue;
    if (
      clip !== undefined &&
      (box.right > clip.right + 2 || box.left < clip.left - 2 || box.bottom > clip.bottom + 4)
    ) {
      found.push(`cut: ${words(element)}`);
      continue;
    }
    // What lies behind a drawer or a window is not read.
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    if (top !== null && !top.contains(element) && !element.contains(top)) continue;
    boxes.push({ element, box });
  }
  for (const [at, a] of boxes.entries()) {
    for (const b of boxes.slice(at + 1)) {
      if (a.element.contains(b.element) || b.element.contains(a.element)) continue;
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      // Lines of one text stand close: the boxes of letters are higher than the lines.
      if (across > 3 && down > 6) found.push(`overlap: ${words(a.element)} | ${words(b.element)}`);
    }
  }
  return [...new Set(found)];

  /** The box that cuts an element off; `meant` where it scrolls, or says by an ellipsis or a bounded height that there is more. */
  function clipOf(element) {
    for (let each = element; each !== null && each !== document.body; each = each.parentElement) {
      const { overflowX, overflowY, textOverflow, position } = getComputedStyle(each);
      if (/auto|scroll/.test(overflowX + overflowY)) return 'meant';
      if (position === 'sticky' || position === 'fixed') return 'meant';
      if (/hidden|clip/.test(overflowX)) {
        if (textOverflow === 'ellipsis' || each.matches('.cell, .ant-table-cell')) return 'meant';
        return each.getBoundingClientRect();
      }
    }
    return undefined;
  }
})();

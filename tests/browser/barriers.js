/** What stands in nobody's way: nothing that axe knows of, in light and dark, and nothing wider than the page. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Nothing that axe knows of stands in anybody's way, in light and in dark, at a desk and on a phone. */
export async function isOpenToAll(person, view) {
  const before = person.page.viewportSize();
  for (const [colorScheme, viewport] of [['light', before], ['dark', before], ['light', { width: 390, height: 844 }]]) {
    await person.page.setViewportSize(viewport);
    await person.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Two frames on, every style is computed anew.
    await person.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
    await person.page.evaluate(() =>
      Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))),
    );
    // By the debugger, not by a script element: the policy stays as it is.
    if (!(await person.page.evaluate(() => 'axe' in globalThis))) await person.page.evaluate(AXE);
    const { violations } = await person.page.evaluate(
      (values) => axe.run(document, { runOnly: { type: 'tag', values } }),
      RULES,
    );
    const found = violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`,
    );
    assert.deepEqual(found, [], `${view}, ${colorScheme}, ${viewport.width} px`);
  }
  await person.page.setViewportSize(before);
}

/** Nothing is wider than the page. */
export async function fits(person, view) {
  for (const width of [320, 360, 768, 1440]) {
    await person.page.setViewportSize({ width, height: 740 });
    const over = await person.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(over <= 0, `${view} is ${over} px too wide at ${width}`);
  }
  await person.page.setViewportSize({ width: 1280, height: 800 });
}

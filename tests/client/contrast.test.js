/** Every pair of colours that stands on each other in the client can be read, in light and in dark. */

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const styles = new URL('../../static/styles/', import.meta.url);
const read = (name) => readFileSync(new URL(name, styles), 'utf8');

/** The tokens of each theme, as [r, g, b] from 0 to 255. */
function tokens() {
  const themes = { light: new Map(), dark: new Map() };
  const rgb = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  for (const [, name, light, dark] of read('tokens.css').matchAll(
    /^ {2}--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/gm,
  )) {
    themes.light.set(name, rgb(light));
    themes.dark.set(name, rgb(dark));
  }
  for (const [, name, colour] of read('tokens.css').matchAll(/^ {2}--([\w-]+): (#[0-9a-f]{6});/gm)) {
    for (const theme of Object.values(themes)) theme.set(name, rgb(colour));
  }
  return themes;
}

function luminance(colour) {
  const [r, g, b] = colour.map((part) =>
    part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function hsl(hue, saturation, lightness) {
  const part = (n) => {
    const k = (n + hue / 30) % 12;
    return (
      255 * (lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1)))
    );
  };
  return [part(0), part(8), part(4)];
}

const GROUNDS = ['paper', 'surface', 'raised', 'sunken', 'accent-wash'];

/** What is written on what. */
const TEXT = {
  ink: [...GROUNDS, 'warn-wash', 'bad-wash'],
  'ink-soft': GROUNDS,
  'ink-faint': GROUNDS,
  accent: GROUNDS,
  'accent-strong': GROUNDS,
  good: GROUNDS,
  bad: [...GROUNDS, 'bad-wash'],
  warn: ['warn-wash', 'surface', 'raised', 'paper'],
  'on-accent': ['accent', 'accent-strong'],
  'on-fill': ['bad-fill', 'bad-fill-strong', 'call-fill', 'call-fill-strong'],
  'toast-ink': ['toast'],
  'stage-ink': ['stage', 'stage-tile'],
  'stage-soft': ['stage', 'stage-tile'],
};

/** Lines, signs and what shows the focus. */
const GRAPHICS = { 'line-strong': ['raised', 'surface', 'paper'], accent: GROUNDS, good: GROUNDS };

for (const [theme, colours] of Object.entries(tokens())) {
  for (const [pairs, least] of [[TEXT, 4.5], [GRAPHICS, 3]]) {
    test(`${least === 3 ? 'signs' : 'words'} stand out from what they are on, in ${theme}`, () => {
      const poor = [];
      for (const [over, grounds] of Object.entries(pairs)) {
        for (const under of grounds) {
          assert.ok(colours.has(over) && colours.has(under), `--${over} or --${under} is no colour`);
          const ratio = contrast(colours.get(over), colours.get(under));
          if (ratio < least) poor.push(`${over} on ${under}: ${ratio.toFixed(2)}`);
        }
      }
      assert.deepEqual(poor, []);
    });
  }
}

test('initials stand out from the colours of all avatars', () => {
  const base = read('base.css');
  const hues = [...base.matchAll(/--hue: (\d+);/g)].map((match) => Number(match[1]));
  assert.ok(hues.length >= 12);
  const pair = (property) => {
    const one = 'hsl\\(var\\(--hue\\) (\\d+)% (\\d+)%\\)';
    const line = new RegExp(`^ {2}${property}: light-dark\\(${one}, ${one}\\);`, 'm').exec(base);
    assert.ok(line, property);
    const [, s1, l1, s2, l2] = line.map((part) => Number(part) / 100);
    return { light: (hue) => hsl(hue, s1, l1), dark: (hue) => hsl(hue, s2, l2) };
  };
  const [ground, ink] = [pair('background'), pair('color')];
  for (const theme of ['light', 'dark']) {
    for (const hue of hues) assert.ok(contrast(ground[theme](hue), ink[theme](hue)) >= 4.5, `${hue} in ${theme}`);
  }
});

test('text is never made faint by seeing through it, and has no colour but those above', () => {
  // The colours of a call lie over pictures, on grounds of their own.
  for (const name of readdirSync(styles).filter((name) => name !== 'stage.css')) {
    // Comments may say anything, and motion passes.
    const rules = read(name)
      .replace(/\/\*[^]*?\*\//g, '')
      .replace(/@keyframes [\w-]+ \{[^]*?\n\}/g, '');
    const bare = [...rules.matchAll(/([^{}]+)\{([^{}]*)\}/g)].filter(([, , body]) =>
      /^\s*color: (?!var\(--|inherit|currentColor|GrayText|light-dark\(hsl)/m.test(body),
    );
    assert.deepEqual(
      bare.map(([, selector]) => selector.trim()),
      [],
      name,
    );
    const thin = [...rules.matchAll(/([^{}]+)\{([^{}]*)\}/g)].filter(([, , body]) => /^\s*opacity: 0?\.\d/m.test(body));
    assert.deepEqual(thin.map(([, selector]) => selector.trim()), [], name);
  }
});

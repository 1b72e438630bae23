// Contrast of text and of controls, computed from the tokens of both themes (WCAG 2.1, 1.4.3 and 1.4.11).
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync('src/styles/tokens.css', 'utf8');

const block = (selector: string) => {
  const from = css.indexOf(`${selector} {`);
  const body = css.slice(from, css.indexOf('}', from));
  return Object.fromEntries(
    [...body.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]),
  );
};
const light = block('\n:root');
const dark = { ...light, ...block(':root[data-theme="dark"]') };
const bySystem = { ...light, ...block('  :root:not([data-theme="light"])') };

/** Text on surfaces: 4.5 to 1. */
const TEXT = [
  ...['surface', 'surface-2', 'surface-3'].flatMap((on) => ['text', 'text-quiet'].map((each) => [each, on])),
  ...['surface', 'surface-2'].flatMap((on) => ['accent', 'danger'].map((each) => [each, on])),
  ['on-accent', 'accent'],
  ['on-danger', 'danger'],
  ['on-accent-soft', 'accent-soft'],
  ['on-warning-soft', 'warning-soft'],
];
/** Borders of controls and the focus: 3 to 1. */
const CONTROLS = ['surface', 'surface-2'].flatMap((on) =>
  ['control', 'focus', 'accent'].map((each) => [each, on]),
);

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a = '', b = ''): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

describe.each([
  ['light', light],
  ['dark', dark],
] as const)('%s', (_, theme: Record<string, string>) => {
  test.each(TEXT)('%s on %s', (text = '', on = '') => {
    expect(contrast(theme[text], theme[on])).toBeGreaterThanOrEqual(4.5);
  });
  test.each(CONTROLS)('%s beside %s', (control = '', on = '') => {
    expect(contrast(theme[control], theme[on])).toBeGreaterThanOrEqual(3);
  });
  test.each([0, 1, 2, 3, 4, 5, 6, 7])('white on hue %s', (hue) => {
    expect(contrast('#ffffff', theme[`hue${hue}`])).toBeGreaterThanOrEqual(4.5);
  });
});

test('the dark theme is the same whether the system or the person has chosen it', () => {
  expect(bySystem).toEqual(dark);
});

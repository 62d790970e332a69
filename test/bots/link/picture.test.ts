import { expect, test } from 'vitest';
import { drawn, plainStyle } from '../../../bots/link/picture.ts';
import { CHART, pngSize } from '../drill.ts';

const draw = async (svg: string): Promise<Buffer> =>
  Buffer.from((await drawn({ name: 'drill-x', alt: 'a chart', svg })).data);

test('a chart is drawn with the font that Reeve brings: its words are there, in light colours, the same every time', async () => {
  const png = await draw(CHART);
  expect(pngSize(png)).toEqual([1520, 1012]);
  expect(await draw(CHART)).toEqual(png);
  // Without a font these would all be the same picture.
  const words = ['objective', 'passed', 'not measured', '1 Nov', 'RPO: what would have been lost'];
  for (const word of words) {
    expect(CHART).toContain(word);
    expect((await draw(CHART.replaceAll(`>${word}<`, '><'))).equals(png)).toBe(false);
  }
  // Dark figures on white: what has no colour of its own would be black, and the paper transparent.
  expect(plainStyle(CHART)).not.toMatch(/var\(|@media|#0d1117/);
  expect(plainStyle(CHART)).toContain('.paper { fill: #ffffff; }');
});

test('what is no picture, reads a file or asks the network draws nothing of it', async () => {
  await expect(draw('no picture at all')).rejects.toThrow();
  const link = (href: string): string =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><image href="${href}" width="20" height="20"/></svg>`;
  const empty = await draw(link(''));
  for (const href of ['file:///etc/hostname', '/etc/hostname', 'http://127.0.0.1:9/x.png'])
    expect(await draw(link(href))).toEqual(empty);
});

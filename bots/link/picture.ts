import { fileURLToPath } from 'node:url';
import type { ChatPicture } from '../../contracts/chat.ts';
import type { ViewFile } from '../dispatch/view.ts';

/** Makes of a picture a file. Rejects where it cannot be drawn. */
export type Drawing = (picture: ChatPicture) => Promise<ViewFile>;

/** Twice its nominal size: charts are read on dense screens. */
const ZOOM = 2;
/** Widest picture, pixels: what is larger is scaled down to it. */
const WIDEST = 2000;

/**
 * Draws a picture. The renderer is a native module and takes megabytes, so it is loaded with the first picture, and runs
 * off the event loop. Only the font that Reeve brings is used: the same chart is the same picture on every machine, with
 * readable text also where no font is installed. Rejects where the module is missing (its platform has none) or the
 * picture cannot be read.
 */
export async function drawn({ name, alt, svg }: ChatPicture): Promise<ViewFile> {
  const { renderAsync } = await import('@resvg/resvg-js');
  const fonts = [
    import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'),
    import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'),
  ];
  const width = Number(/<svg[^>]* width="(\d+)"/u.exec(svg)?.[1] ?? 0) * ZOOM;
  const image = await renderAsync(plainStyle(svg), {
    fitTo: { mode: 'width', value: width > 0 && width < WIDEST ? width : WIDEST },
    background: '#ffffff',
    font: {
      loadSystemFonts: false,
      fontFiles: fonts.map((font) => fileURLToPath(font)),
      defaultFontFamily: 'DejaVu Sans',
      sansSerifFamily: 'DejaVu Sans',
    },
  });
  return { name: `${name}.png`, alt, data: image.asPng() };
}

/** The renderer knows no custom properties and no media queries: the light colours are put in their place. */
export function plainStyle(svg: string): string {
  const still = svg.replace(/@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}/gu, '');
  const values = new Map<string, string>();
  for (const [, name = '', value = ''] of still.matchAll(/(--[a-z-]+)\s*:\s*([^;}]+)/gu))
    if (!values.has(name)) values.set(name, value.trim());
  return still.replace(/var\((--[a-z-]+)\)/gu, (whole, name: string) => values.get(name) ?? whole);
}

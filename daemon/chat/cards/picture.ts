import type { ChatPicture } from '../../../contracts/chat.ts';
import type { ChatDeps } from '../deps.ts';

/** What the platforms' picture may be drawn from, characters; a chart takes ten thousand. */
const MAX_SVG = 200_000;
/** What would have the bot that draws it read something else: our charts hold none of it. */
const READS = /<!|<image|<foreignObject|<use|<script|href|@import|url\(/i;
const WORDS = /<title id="t">([^<]*)<\/title><desc id="d">([^<]*)<\/desc>/;

/**
 * An artifact as a picture of a post; none where it is gone, reads something else, or is too large, which keeps nobody from hearing
 * what it goes with. `alt`: absent: its own title and description.
 */
export async function pictureOf(
  { name, digest, alt }: { name: string; digest: string; alt?: string },
  { artifacts, warn }: Pick<ChatDeps, 'artifacts' | 'warn'>,
): Promise<ChatPicture | undefined> {
  try {
    const svg = Buffer.from(await artifacts.get(digest)).toString('utf8');
    if (svg.length > MAX_SVG || READS.test(svg)) {
      warn(`the picture ${name}`, new Error('it is too large, or reads something else'));
      return undefined;
    }
    const [, title = '', said = ''] = WORDS.exec(svg) ?? [];
    return { name, alt: (alt ?? plain(`${title}. ${said}`)).slice(0, 1000), svg };
  } catch (error) {
    warn(`the picture ${name}`, error);
    return undefined;
  }
}

const plain = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

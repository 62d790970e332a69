import { StreamEvent } from '../../contracts/api.ts';

/** One message of an event stream. */
export interface Message {
  /** Ledger seq, where the message carries one. */
  id: number | undefined;
  event: StreamEvent | undefined;
}

/** Server-sent events (WHATWG HTML §9.2). What is no event of the contract keeps its id and is otherwise left out. */
export async function* messages(body: AsyncIterable<Buffer>): AsyncGenerator<Message> {
  const decoder = new TextDecoder();
  let rest = '';
  let id: number | undefined;
  let data: string[] = [];
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === 'data') data.push(value);
      else if (field === 'id' && /^\d{1,16}$/.test(value)) id = Number(value);
      else if (line === '' && (data.length > 0 || id !== undefined)) {
        yield { id, event: parse(data.join('\n')) };
        data = [];
        id = undefined;
      }
    }
  }
}

function parse(text: string): StreamEvent | undefined {
  if (text === '') return undefined;
  try {
    return StreamEvent.safeParse(JSON.parse(text)).data;
  } catch {
    // A message cut in two by a dying connection: the resumed stream has it whole.
    return undefined;
  }
}

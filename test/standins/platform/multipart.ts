import type { Call } from './server.ts';

export interface UploadedFile {
  field: string;
  name: string;
  type: string;
  bytes: Buffer;
}

/** Fields and files of a form, url-encoded or multipart. */
export async function readForm(
  call: Call,
): Promise<{ fields: Record<string, string>; files: UploadedFile[] }> {
  const type = call.headers['content-type'] ?? '';
  const form = await new Response(new Uint8Array(call.body), {
    headers: { 'content-type': type },
  }).formData();
  const fields: Record<string, string> = {};
  const files: UploadedFile[] = [];
  for (const [field, value] of form) {
    if (typeof value === 'string') fields[field] = value;
    else
      files.push({
        field,
        name: value.name,
        type: value.type,
        bytes: Buffer.from(await value.arrayBuffer()),
      });
  }
  return { fields, files };
}

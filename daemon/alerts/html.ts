import type { AlertLine, Notice } from './channel.ts';
import { facts, othersLine } from './words.ts';

const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Colours that keep a contrast of 4.5:1 on white and stay readable where a mail reader inverts them. */
const COLOUR = { good: '#1d7a45', bad: '#b3261e', warn: '#8a5a00', info: '#2457a6' } as const;

const SEVERITY = { page: COLOUR.bad, warn: COLOUR.warn, info: COLOUR.info } as const;

const FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const MONO = 'font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px';

/** The message as one HTML page with inline styles only: no image, no script, no link that could be followed by mistake. */
export function htmlOf(notice: Notice): string {
  const colour = COLOUR[notice.tone];
  const parts = [
    ...(notice.text === '' ? [] : [paragraph(notice.text)]),
    ...notice.alerts.map((alert) => alertHtml(alert)),
    ...(notice.others > 0 ? [paragraph(othersLine(notice.others))] : []),
    ...(notice.hints.length === 0 ? [] : [commands(notice.hints)]),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(notice.title)}</title>
</head>
<body style="margin:0;padding:16px;background:#ffffff;color:#1f2328;${FONT};font-size:15px;line-height:1.45">
<div style="max-width:640px;margin:0 auto">
<h1 style="margin:0 0 16px;padding:12px 16px;border-left:6px solid ${colour};font-size:18px;line-height:1.35;color:${colour}">${escape(notice.title)}</h1>
${parts.join('\n')}
<p style="margin:24px 0 0;padding-top:12px;border-top:1px solid #d0d7de;font-size:13px;color:#59636e">Reeve, ${escape(notice.estate)}<br>message ${escape(notice.id)}</p>
</div>
</body>
</html>
`;
}

const paragraph = (text: string): string =>
  `<p style="margin:0 0 16px;white-space:pre-wrap;overflow-wrap:anywhere">${escape(text)}</p>`;

function alertHtml(alert: AlertLine): string {
  const lines = facts(alert).map((fact) => escape(fact));
  const colour = alert.resolved === null ? SEVERITY[alert.severity] : COLOUR.good;
  return `<div style="margin:0 0 16px;padding:12px 16px;border:1px solid #d0d7de;border-left:4px solid ${colour};border-radius:6px">
<div style="font-weight:600;overflow-wrap:anywhere">${escape(alert.title)}</div>
${alert.text === '' ? '' : `<div style="margin-top:6px;white-space:pre-wrap;overflow-wrap:anywhere">${escape(alert.text)}</div>\n`}<div style="margin-top:8px;font-size:13px;color:#59636e;overflow-wrap:anywhere">${lines.join('<br>')}</div>
</div>`;
}

const commands = (hints: readonly string[]): string =>
  `<p style="margin:0 0 6px;font-size:13px;color:#59636e">What you can do:</p>
<pre style="margin:0 0 16px;padding:12px 16px;background:#f6f8fa;color:#1f2328;border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;${MONO}">${hints.map(escape).join('\n')}</pre>`;

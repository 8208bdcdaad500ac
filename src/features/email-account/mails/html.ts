/** What a mail says, in the order in which it is read. */
export type MailPart =
  | { readonly line: string }
  /** What to do if the reader didn't ask for the mail. */
  | { readonly ifNotYou: string }
  | { readonly url: string; readonly button: string }
  | { readonly code: string };

export interface MailPage {
  readonly language: string;
  readonly heading: string;
  readonly parts: readonly MailPart[];
}

/**
 * The only rules that can't be inline: dark colours. A program that drops the style element, or doesn't know the media query, shows
 * the light ones, or makes dark ones itself. `!important` because the light colours are inline.
 */
const STYLE = `:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #15171c !important; color: #e6e8ec !important; }
  .card { background: #1e2128 !important; border-color: #363b45 !important; }
  .quiet { color: #a7aebb !important; }
  .rule { border-color: #363b45 !important; }
  .code { background: #15171c !important; border-color: #363b45 !important; }
  .button { background: #7fb0ff !important; color: #10131a !important; }
}`;

const FONT =
  "-apple-system, 'Segoe UI', Roboto, 'Apple SD Gothic Neo', 'Malgun Gothic', 'Noto Sans KR', sans-serif";
const PAGE = `margin: 0; padding: 24px 12px; background: #f3f4f6; color: #1d2128; font: 16px/1.6 ${FONT}; overflow-wrap: anywhere`;
const CARD =
  'max-width: 480px; margin: 0 auto; padding: 24px 24px 8px; background: #ffffff; border: 1px solid #d9dce2; border-radius: 10px';
// Korean has spaces, and reads better if lines break only there.
const KOREAN = '; word-break: keep-all';
const HEADING = 'margin: 0 0 16px; font-size: 20px; line-height: 1.4';
const LINE = 'margin: 0 0 16px';
const BUTTON =
  'display: inline-block; padding: 11px 20px; border-radius: 8px; background: #1a56c4; color: #ffffff; font-weight: 600; text-decoration: none';
const URL_LINE = 'margin: 0 0 20px; font-size: 13px; line-height: 1.5; color: #5a6270; word-break: break-all';
const CODE =
  'display: inline-block; padding: 10px 18px; border: 1px solid #d9dce2; border-radius: 8px; background: #f3f4f6; font: 700 28px/1.3 ui-monospace, Consolas, monospace; letter-spacing: 2px; white-space: nowrap';
const IF_NOT_YOU = 'margin: 20px 0 16px; padding-top: 16px; border-top: 1px solid #d9dce2; font-size: 15px';

/**
 * The page of a mail: one column, nothing to load, readable without its style element. Everything is escaped.
 */
export function mailPage({ language, heading, parts }: MailPage): string {
  const title = escaped(heading);
  const isKorean = new Intl.Locale(language).language === 'ko';
  return `<!doctype html>
<html lang="${escaped(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${title}</title>
<style>
${STYLE}
</style>
</head>
<body class="page" style="${escaped(PAGE)}${isKorean ? KOREAN : ''}">
<div class="card" style="${CARD}">
<h1 style="${HEADING}">${title}</h1>
${parts.map(partOf).join('\n')}
</div>
</body>
</html>
`;
}

function partOf(part: MailPart): string {
  if ('line' in part) return `<p style="${LINE}">${escaped(part.line)}</p>`;
  if ('ifNotYou' in part) return `<p class="rule" style="${IF_NOT_YOU}">${escaped(part.ifNotYou)}</p>`;
  if ('code' in part)
    return `<p style="${LINE}"><span class="code" style="${CODE}">${grouped(part.code)}</span></p>`;
  const url = escaped(part.url);
  return `<p style="margin: 20px 0 12px"><a class="button" href="${url}" style="${BUTTON}">${escaped(part.button)}</a></p>
<p class="quiet" style="${URL_LINE}">${url}</p>`;
}

/** Two groups that are apart for the eye only: what is copied has no gap, so any field takes it. */
function grouped(code: string): string {
  const middle = Math.ceil(code.length / 2);
  const [first, second] = [code.slice(0, middle), code.slice(middle)].map(escaped);
  return `${first}<span style="margin-left: 10px">${second}</span>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

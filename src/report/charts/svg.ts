import { html } from '../escape.ts';

/** An SVG element as text. Values of attributes are escaped; children are markup already. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number | undefined>>,
  ...children: readonly string[]
): string {
  const written = Object.entries(attributes)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${typeof value === 'number' ? coordinate(value) : html(value)}"`]))
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

export const label = (text: string, attributes: Readonly<Record<string, string | number | undefined>>): string =>
  element('text', attributes, html(text));

/** A picture with a name and a description for those who do not see it. */
export function picture(
  { width, height, title, description, kind }: { width: number; height: number; title: string; description: string; kind: string },
  ...children: readonly string[]
): string {
  return element(
    'svg',
    {
      class: kind,
      viewBox: `0 0 ${coordinate(width)} ${coordinate(height)}`,
      width,
      height,
      role: 'img',
      'aria-label': `${title}. ${description}`,
    },
    ...children,
  );
}

/** A tenth of a pixel is as fine as a screen shows. */
export function coordinate(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value * 10) / 10) : '0';
}

/** Text of a figure cut to what has room. */
export const short = (text: string, limit: number): string => (text.length <= limit ? text : `${text.slice(0, limit - 1)}…`);

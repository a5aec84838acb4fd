export interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

/** Commands a runner knows; another name is a line of the log. */
const KNOWN = new Set(
  'set-env set-output save-state add-path add-mask add-matcher remove-matcher debug warning error notice group endgroup echo stop-commands'.split(
    ' ',
  ),
);

/** Commands as the runner finds them: `::name k=v::data` at the start of a line, `##[name k=v]data` anywhere in it. */
export function parseLog(printed: string): { readonly commands: readonly Command[]; readonly lines: readonly string[] } {
  const commands: Command[] = [];
  const lines: string[] = [];
  let stopped: string | undefined;
  for (const line of printed.split(/\r\n|\n|\r/)) {
    const second = /^\s*::([a-z-]+)(?: ([^:]*(?::(?!:)[^:]*)*))?::(.*)$/i.exec(line);
    if (stopped !== undefined) {
      if (second?.[1] === stopped) stopped = undefined;
      else lines.push(line);
      continue;
    }
    const first = second ? null : /##\[([a-z-]+)(?: ([^\]]*))?\](.*)$/i.exec(line);
    const [, name = '', properties = '', data = ''] = second ?? first ?? [];
    if (!KNOWN.has(name.toLowerCase())) {
      if (line !== '') lines.push(line);
      continue;
    }
    if (name === 'stop-commands') stopped = data;
    commands.push({
      name: name.toLowerCase(),
      properties: Object.fromEntries(
        properties
          .split(second ? ',' : ';')
          .filter((part) => part.includes('='))
          .map((part) => [part.slice(0, part.indexOf('=')).trim(), unescaped(part.slice(part.indexOf('=') + 1))]),
      ),
      data: unescaped(data),
    });
  }
  return { commands, lines };
}

const unescaped = (text: string): string =>
  text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%25', '%');

/** `name=value` and `name<<DELIMITER` lines; a later one wins. */
export function parseFile(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    const heredoc = /^([^=<]+)<<(.+)$/.exec(line);
    if (heredoc) {
      const end = lines.indexOf(heredoc[2]!, at + 1);
      if (end < 0) throw new Error(`no end ${heredoc[2]} of ${heredoc[1]}`);
      found[heredoc[1]!] = lines.slice(at + 1, end).join('\n');
      at = end;
    } else if (line.includes('=')) found[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1);
    else if (line !== '') throw new Error(`not a line of a runner's file: ${line}`);
  }
  return found;
}

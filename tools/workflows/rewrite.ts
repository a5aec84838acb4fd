/** `uses: $/…`: an action or a workflow of the repository and commit the workflow itself came from. */
const OWN = /^(\s*(?:-\s+)?uses:\s*)\$\/(actions\/[a-z0-9-]+|\.github\/workflows\/[a-z0-9-]+\.yml)/gm;
const QUEUE = /^ +queue:.*\n/gm;

/** The same workflow for servers that do not know `$/…` (GitHub Enterprise Server): our actions by repository and full commit. */
export function pinnedTo(text: string, repository: string, sha: string): string {
  if (!/^[0-9a-f]{40}$/.test(sha)) throw new RangeError(`Expected a full commit SHA, found "${sha}".`);
  return text.replace(OWN, `$1${repository}/$2@${sha}`);
}

/** The same workflow for tools that run or lint it in a clone of this repository: our actions by path, and no `concurrency.queue`. */
export const localised = (text: string): string => text.replace(OWN, '$1./$2').replace(QUEUE, '');

const NAME = '[\\w.-]+/[\\w.-]+';
/** Wherever a text names this project's repository: called, checked out, installed, or for its schemas. What stands around it says so. */
const OURS = [
  `(?<=\\buses:\\s*)${NAME}(?=/\\.github/workflows/retrain(?:-all)?\\.yml@)`,
  `(?<=\\buses:\\s*)${NAME}(?=/actions/[\\w<>-]+@)`,
  `(?<=^\\s*repository:\\s*)${NAME}$`,
  `(?<=https://raw\\.githubusercontent\\.com/)${NAME}(?=/v\\d+/schema/)`,
  `(?<=\\bnp(?:m install|x)(?: -\\S+)* github:)${NAME}`,
];

/** The same text with this project's repository named as package.json names it. */
export const named = (text: string, repository: string): string => text.replace(new RegExp(OURS.join('|'), 'gm'), repository);

/** `uses: $/actions/x`: an action of the repository and commit the workflow itself came from. */
const OWN_ACTION = /^(\s*(?:-\s+)?uses:\s*)\$\/(actions\/[a-z0-9-]+)/gm;
const QUEUE = /^ +queue:.*\n/gm;

/** The same workflow for servers that do not know `$/…` (GitHub Enterprise Server): our actions by repository and full commit. */
export function pinnedTo(text: string, repository: string, sha: string): string {
  if (!/^[0-9a-f]{40}$/.test(sha)) throw new RangeError(`Expected a full commit SHA, found "${sha}".`);
  return text.replace(OWN_ACTION, `$1${repository}/$2@${sha}`);
}

/** The same workflow for tools that run or lint it in a clone of this repository: our actions by path, and no `concurrency.queue`. */
export const localised = (text: string): string => text.replace(OWN_ACTION, '$1./$2').replace(QUEUE, '');

/** The same template with this project's repository named as package.json names it, wherever it is called or checked out. */
export const named = (text: string, repository: string): string =>
  text
    .replace(/(uses:\s*)[\w.-]+\/[\w.-]+(\/\.github\/workflows\/retrain(?:-all)?\.yml@)/g, `$1${repository}$2`)
    .replace(/(uses:\s*)[\w.-]+\/retrain(\/actions\/)/g, `$1${repository}$2`)
    .replace(/^(\s*repository:\s*)[\w.-]+\/[\w.-]+$/gm, `$1${repository}`);

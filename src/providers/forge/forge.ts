import { slot } from '../../kernel/stage.ts';

export interface ForgeComment {
  readonly id: number;
  readonly author: string;
  readonly body: string;
  readonly url: string;
}

export interface TreeEntry {
  /** Relative to the tree asked for, with `/`. */
  readonly path: string;
  readonly kind: 'file' | 'folder';
  readonly sha: string;
}

/** A commit to be put on a branch whose head must still be `expectedHead`. */
export interface CommitDraft {
  readonly branch: string;
  readonly expectedHead: string;
  /** First line: what changed, for `git log --oneline`. */
  readonly headline: string;
  readonly body?: string;
  /** Path → whole new content. */
  readonly additions: ReadonlyMap<string, Uint8Array>;
  readonly deletions: readonly string[];
}

export interface Release {
  readonly id: number;
  readonly tag: string;
  readonly draft: boolean;
  readonly created: string;
}

export interface Asset {
  readonly id: number;
  readonly name: string;
  readonly bytes: number;
  /** `starter`: an upload that was cut; nobody can download it. */
  readonly state: 'uploaded' | 'starter';
  /** What the forge says it holds, where it says so. */
  readonly sha256?: string;
}

export interface AssetUpload {
  /** Letters, digits, `.`, `-`, `_`: what the forge keeps as it is. */
  readonly name: string;
  /** What people see on the release's page. */
  readonly label: string;
  /** Local file. */
  readonly path: string;
  readonly bytes: number;
  /** Compared with what the forge says it received, where it says so. */
  readonly sha256: string;
}

export interface PullRequest {
  readonly number: number;
  readonly url: string;
  readonly state: 'open' | 'closed';
}

export interface WorkflowArtifact {
  readonly id: number;
  readonly name: string;
  /** Of the archive. */
  readonly bytes: number;
  /** `sha256:` and 64 hex digits, where the forge says it. */
  readonly digest?: string;
}

/** A run of a workflow that the clock or somebody by hand (or a dispatch) started, in whatever state. */
export interface StartedRun {
  readonly id: number;
  readonly startedBy: 'schedule' | 'workflow_dispatch';
  /** What the list of runs shows of it: what `run-name` made, else the name of the workflow. */
  readonly title: string;
  readonly created: Date;
  readonly ended: boolean;
  readonly url: string;
}

/**
 * The place where the repository lives, as far as Retrain needs it. Lists come whole, over all pages.
 * Errors: `UserError` `forge-forbidden` (names the missing permission), `forge-unauthorized`, `forge-not-found`, `forge-refused`;
 * `WorldError` `head-moved` (a lost race), `rate-limited`, `forge-unreachable`, `upload-cut`; `TimedOut`.
 * No message and no cause carries the token.
 */
export interface Forge {
  /** `owner/name`. */
  readonly repository: string;
  /** Address of the repository for people. */
  readonly url: string;

  /** The comment of this forge's own author that begins with `marker`; the same marker in somebody else's comment counts for nothing. */
  findComment(thread: number, marker: string, signal: AbortSignal): Promise<ForgeComment | undefined>;
  /** Keeps one comment with that marker: edits it, or makes it where there is none yet. `marker` is put before `body`. */
  keepComment(thread: number, marker: string, body: string, signal: AbortSignal): Promise<ForgeComment>;

  /** Commit a branch points to, or undefined when there is no such branch; an unseen repository is an error. */
  head(branch: string, signal: AbortSignal): Promise<string | undefined>;
  /** Makes a branch: a commit without parents holding `files`, or at a commit that is there. One that exists already stays as it is. */
  createBranch(
    branch: string,
    from: { readonly files: Readonly<Record<string, string>>; readonly headline: string } | { readonly commit: string },
    signal: AbortSignal,
  ): Promise<void>;
  deleteBranch(branch: string, signal: AbortSignal): Promise<void>;
  /** Names of all branches that begin with `prefix`. */
  branches(prefix: string, signal: AbortSignal): Promise<readonly string[]>;
  /** A signed commit by compare-and-swap; gives its id. `head-moved` when the branch points elsewhere by now. */
  commit(draft: CommitDraft, signal: AbortSignal): Promise<string>;
  /** Entries of a commit's or tree's top folder, or of everything under it. */
  tree(sha: string, options: { readonly recursive: boolean }, signal: AbortSignal): Promise<readonly TreeEntry[]>;
  blob(sha: string, signal: AbortSignal): Promise<Uint8Array>;
  /** A file as it was at a commit (or branch); undefined when it was not there. */
  file(path: string, commit: string, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Proves that contents may be written; leaves nothing that anybody sees. */
  probeWrite(signal: AbortSignal): Promise<void>;

  /** All releases, drafts too where the token may see them. */
  releases(signal: AbortSignal): Promise<readonly Release[]>;
  createDraft(
    draft: { readonly tag: string; readonly target: string; readonly title: string; readonly text: string },
    signal: AbortSignal,
  ): Promise<Release>;
  /** Uploads a file to a draft; what a cut upload left under that name goes first. */
  upload(release: number, file: AssetUpload, signal: AbortSignal): Promise<Asset>;
  assets(release: number, signal: AbortSignal): Promise<readonly Asset[]>;
  /** Makes a draft visible as a pre-release, so that it never becomes the repository's "latest". */
  publish(release: number, signal: AbortSignal): Promise<void>;
  /** Removes a release and its tag; one that is gone already is no error. */
  deleteRelease(release: number, tag: string, signal: AbortSignal): Promise<void>;
  /** An asset's bytes; undefined when there is none. */
  download(asset: number, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined>;

  /** Opens a pull request, or gives the open one from `head` to `base` this title and body. */
  openPullRequest(
    draft: { readonly head: string; readonly base: string; readonly title: string; readonly body: string },
    signal: AbortSignal,
  ): Promise<PullRequest>;
  /** Numbers of the open pull requests whose head is this commit of this branch now. */
  pullRequestsAt(
    head: { readonly owner: string; readonly branch: string; readonly sha: string },
    signal: AbortSignal,
  ): Promise<readonly number[]>;

  /** What the jobs of a workflow run have kept, over all pages. */
  artifacts(run: number, signal: AbortSignal): Promise<readonly WorkflowArtifact[]>;
  /** An artifact's archive. Errors: `too-large`, `digest-mismatch`. */
  artifact(artifact: WorkflowArtifact, bytesMax: number, signal: AbortSignal): Promise<Uint8Array>;
  /**
   * Runs of a workflow (its file's name) since an instant, started by the clock or by `workflow_dispatch`, and of each kind the last one before,
   * so that it is known whether there was any; newest first.
   */
  startedRuns(workflow: string, since: Date, signal: AbortSignal): Promise<readonly StartedRun[]>;
  defaultBranch(signal: AbortSignal): Promise<string>;
  /** Starts a workflow that listens to `workflow_dispatch`. */
  dispatch(workflow: string, ref: string, inputs: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void>;
}

export const forge = slot<Forge>('forge');

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { UserError, WorldError } from '../../kernel/errors.ts';
import type { Asset, Forge, Release } from './forge.ts';
import type { Ask } from './github-client.ts';

const PAGE = 100;
const UPLOAD_TRIES = 3;
/** An upload or a download slower than this (bytes per second) has stalled. */
const SLOWEST = 128 << 10;
const TRANSFER_MS_MIN = 60_000;

type Releases = Pick<Forge, 'releases' | 'createDraft' | 'upload' | 'assets' | 'publish' | 'deleteRelease' | 'download'>;

/** Releases and their assets. */
export function githubReleases(place: { readonly owner: string; readonly repo: string }, repository: string, ask: Ask): Releases {
  async function assets(release: number, signal: AbortSignal): Promise<readonly Asset[]> {
    const found: Asset[] = [];
    for (let page = 1; ; page++) {
      const { data } = await ask(
        `list the assets of release ${release}`,
        (octokit, request) => octokit.rest.repos.listReleaseAssets({ ...place, release_id: release, per_page: PAGE, page, request }),
        { signal },
      );
      for (const asset of data) found.push(assetOf(asset));
      if (data.length < PAGE) return found;
    }
  }

  async function deleteAsset(asset: Asset, signal: AbortSignal): Promise<void> {
    await ask(
      `delete the unfinished asset ${asset.name}`,
      (octokit, request) => octokit.rest.repos.deleteReleaseAsset({ ...place, asset_id: asset.id, request }),
      { signal },
    ).catch(unlessGone);
  }

  return {
    assets,

    async releases(signal) {
      const found: Release[] = [];
      for (let page = 1; ; page++) {
        const { data } = await ask(
          'list the releases',
          (octokit, request) => octokit.rest.repos.listReleases({ ...place, per_page: PAGE, page, request }),
          { signal },
        );
        for (const { id, tag_name, draft, created_at } of data) found.push({ id, tag: tag_name, draft, created: created_at });
        if (data.length < PAGE) return found;
      }
    },

    async createDraft({ tag, target, title, text }, signal) {
      const { data } = await ask(
        `draft release ${tag}`,
        (octokit, request) =>
          octokit.rest.repos.createRelease({
            ...place,
            tag_name: tag,
            target_commitish: target,
            name: title,
            body: text,
            draft: true,
            prerelease: true,
            request,
          }),
        { signal },
      );
      return { id: data.id, tag: data.tag_name, draft: true, created: data.created_at };
    },

    async upload(release, { name, label, path, bytes, sha256 }, signal) {
      const { data: found } = await ask(
        `find release ${release}`,
        (octokit, request) => octokit.rest.repos.getRelease({ ...place, release_id: release, request }),
        { signal },
      );
      const timeoutMs = TRANSFER_MS_MIN + Math.ceil((bytes / SLOWEST) * 1000);
      const isWhole = (asset: Asset): boolean =>
        asset.state === 'uploaded' && asset.bytes === bytes && (asset.sha256 === undefined || asset.sha256 === sha256);
      for (let tried = 1; ; tried++) {
        try {
          await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
          const { data } = await ask(
            `upload ${label}`,
            (octokit, request) =>
              octokit.request({
                method: 'POST',
                // Ends in `{?name,label}`, which octokit fills in.
                url: found.upload_url,
                name,
                label,
                headers: { 'content-type': 'application/octet-stream', 'content-length': bytes },
                data: Readable.toWeb(file.createReadStream({ start: 0, autoClose: false })),
                request,
              } as unknown as Parameters<typeof octokit.request>[0]),
            // What a cut upload left must go before another try, below.
            { signal, repeatable: false, timeoutMs },
          );
          const asset = assetOf(data as AssetAnswer);
          if (isWhole(asset)) return asset;
          throw new WorldError('upload-cut', `${label} arrived at ${repository} with ${asset.bytes} of ${bytes} bytes, or other ones.`);
        } catch (error) {
          const passing = error instanceof WorldError || (error instanceof UserError && /already_exists/.test(error.message));
          if (!passing || tried === UPLOAD_TRIES) throw error;
          const left = (await assets(release, signal)).find((asset) => asset.name === name);
          if (left && isWhole(left)) return left;
          if (left) await deleteAsset(left, signal);
        }
      }
    },

    async publish(release, signal) {
      await ask(
        `publish release ${release}`,
        (octokit, request) =>
          octokit.rest.repos.updateRelease({
            ...place,
            release_id: release,
            draft: false,
            prerelease: true,
            make_latest: 'false',
            request,
          }),
        { signal },
      );
    },

    async deleteRelease(release, tag, signal) {
      await ask(
        `delete release ${tag}`,
        (octokit, request) => octokit.rest.repos.deleteRelease({ ...place, release_id: release, request }),
        { signal },
      ).catch(unlessGone);
      await ask(`delete tag ${tag}`, (octokit, request) => octokit.rest.git.deleteRef({ ...place, ref: `tags/${tag}`, request }), {
        signal,
      }).catch(unlessGone);
    },

    async download(asset, signal) {
      const found = await ask(
        `download asset ${asset}`,
        (octokit, request) =>
          octokit.rest.repos.getReleaseAsset({
            ...place,
            asset_id: asset,
            headers: { accept: 'application/octet-stream' },
            request: { ...request, parseSuccessResponseBody: false },
          }),
        { signal, timeoutMs: 3_600_000 },
      ).catch(unlessGone);
      return found && (found.data as unknown as AsyncIterable<Uint8Array>);
    },
  };
}

/** What is not there (any more) needs no deleting and cannot be downloaded. */
function unlessGone(error: unknown): undefined {
  const gone = error instanceof UserError && (error.code === 'forge-not-found' || /does not exist/i.test(error.message));
  if (!gone) throw error;
}

interface AssetAnswer {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly state: string;
  readonly digest?: string | null;
}

function assetOf({ id, name, size, state, digest }: AssetAnswer): Asset {
  const sha256 = /^sha256:([0-9a-f]{64})$/.exec(digest ?? '')?.[1];
  return { id, name, bytes: size, state: state === 'uploaded' ? state : 'starter', ...(sha256 !== undefined && { sha256 }) };
}

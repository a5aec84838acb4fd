/** Where `retrain_trainers.remote` is unpacked in an image that does not hold it. */
const FOLDER = '/tmp/retrain-package';

/**
 * A Python program that fetches the package at `uri`, which must have this digest, and starts the launcher in it, for an image that has Python and the trainer, but not us.
 * Of the bucket it asks as the account the job runs as; `STORAGE_EMULATOR_HOST` and `GCE_METADATA_HOST` mean what they mean to Google's clients.
 */
export function launcherFrom(uri: string, sha256: string): string {
  const [, bucket, name] = /^gs:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  const object = bucket === undefined || name === undefined ? undefined : `/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}?alt=media`;
  return [
    'import hashlib,io,json,os,runpy,sys,tarfile',
    'from urllib.request import Request,urlopen',
    ...(object === undefined ? [`package=Request(${JSON.stringify(uri)})`] : bucketRequest(object)),
    'data=urlopen(package,timeout=120).read()',
    `if hashlib.sha256(data).hexdigest()!=${JSON.stringify(sha256)}: sys.exit(${JSON.stringify(`${uri} is not the package this job was made with`)})`,
    `tarfile.open(fileobj=io.BytesIO(data)).extractall(${JSON.stringify(FOLDER)})`,
    `sys.path.insert(0,${JSON.stringify(`${FOLDER}/retrain_trainers-1.0.0`)})`,
    'runpy.run_module("retrain_trainers.remote",run_name="__main__",alter_sys=True)',
  ].join('\n');
}

const bucketRequest = (object: string): readonly string[] => [
  'emulator=os.environ.get("STORAGE_EMULATOR_HOST")',
  `package=Request((emulator or "https://storage.googleapis.com").rstrip("/")+${JSON.stringify(object)})`,
  'if not emulator:',
  ' machine=os.environ.get("GCE_METADATA_HOST") or "metadata.google.internal"',
  ' account=Request("http://"+machine+"/computeMetadata/v1/instance/service-accounts/default/token",headers={"Metadata-Flavor":"Google"})',
  ' package.add_header("Authorization","Bearer "+json.load(urlopen(account,timeout=60))["access_token"])',
];

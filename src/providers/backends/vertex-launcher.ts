const TRIES = 6;

/**
 * A Python program that fetches the package at `uri`, which must have this digest, and starts the launcher in it, for an image that has Python and the trainer, but not us.
 * Of the bucket it asks as the account the job runs as; `STORAGE_EMULATOR_HOST` and `GCE_METADATA_HOST` mean what they mean to Google's clients.
 * `pause`: seconds before the second try, doubled with each.
 */
export function launcherFrom(uri: string, sha256: string, pause = 0.5): string {
  const [, bucket, name] = /^gs:\/\/([^/]+)\/(.+)$/.exec(uri) ?? [];
  const object = bucket === undefined || name === undefined ? undefined : `/storage/v1/b/${bucket}/o/${encodeURIComponent(name)}?alt=media`;
  return [
    'import hashlib,io,json,os,runpy,sys,tarfile,tempfile,time',
    'from http.client import HTTPException',
    'from urllib.error import HTTPError',
    'from urllib.request import ProxyHandler,Request,build_opener,urlopen',
    'def fetched():',
    ...(object === undefined ? [` package=Request(${JSON.stringify(uri)})`] : bucketRequest(object)),
    ' return urlopen(package,timeout=120).read()',
    `for tried in range(1,${TRIES + 1}):`,
    ' try:',
    '  data=fetched()',
    '  break',
    ' except (OSError,HTTPException,ValueError,KeyError) as error:',
    '  lasting=isinstance(error,HTTPError) and error.code not in (401,408,429,500,502,503,504)',
    `  if lasting or tried==${TRIES}: sys.exit(${JSON.stringify(`${uri} could not be fetched: `)}+str(error))`,
    `  time.sleep(${pause}*2**(tried-1))`,
    `if hashlib.sha256(data).hexdigest()!=${JSON.stringify(sha256)}: sys.exit(${JSON.stringify(`${uri} is not the package this job was made with`)})`,
    'with tempfile.TemporaryDirectory(prefix="retrain-package-") as folder:',
    ' tarfile.open(fileobj=io.BytesIO(data)).extractall(folder)',
    ' package=os.path.join(folder,"retrain_trainers-1.0.0")',
    ' sys.path.insert(0,package)',
    // For the trainer, which is a process of its own.
    ' os.environ["PYTHONPATH"]=os.pathsep.join(filter(None,[package,os.environ.get("PYTHONPATH")]))',
    ' runpy.run_module("retrain_trainers.remote",run_name="__main__",alter_sys=True)',
  ].join('\n');
}

const bucketRequest = (object: string): readonly string[] => [
  ' emulator=os.environ.get("STORAGE_EMULATOR_HOST")',
  ` package=Request((emulator or "https://storage.googleapis.com").rstrip("/")+${JSON.stringify(object)})`,
  ' if not emulator:',
  '  machine=os.environ.get("GCE_METADATA_HOST") or "metadata.google.internal"',
  '  account=Request("http://"+machine+"/computeMetadata/v1/instance/service-accounts/default/token",headers={"Metadata-Flavor":"Google"})',
  // It is on this machine: no proxy leads there.
  '  token=json.load(build_opener(ProxyHandler({})).open(account,timeout=60))["access_token"]',
  '  package.add_header("Authorization","Bearer "+token)',
];

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a trainer may know of the machine: where programs are, how to write text, where to put temporary files, which GPU. */
const FOR_TRAINERS = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'LD_LIBRARY_PATH',
  'DYLD_FALLBACK_LIBRARY_PATH',
  'CUDA_VISIBLE_DEVICES',
  'NVIDIA_VISIBLE_DEVICES',
  'VIRTUAL_ENV',
  'CONDA_PREFIX',
  'PYENV_ROOT',
  'PYENV_VERSION',
  // Windows starts hardly any program without these.
  'SYSTEMROOT',
  'SYSTEMDRIVE',
  'WINDIR',
  'COMSPEC',
  'PATHEXT',
  'USERPROFILE',
  'APPDATA',
  'LOCALAPPDATA',
  'PROGRAMDATA',
  'NUMBER_OF_PROCESSORS',
  'PROCESSOR_ARCHITECTURE',
] as const;

/** What an installer needs on top: the way to the registry. May hold credentials, so a trainer never sees it. */
const FOR_INSTALLERS = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'REQUESTS_CA_BUNDLE',
  'PIP_INDEX_URL',
  'PIP_EXTRA_INDEX_URL',
  'PIP_TRUSTED_HOST',
  'PIP_CERT',
  'PIP_CLIENT_CERT',
  'PIP_CONFIG_FILE',
  'PIP_CACHE_DIR',
  'PIP_FIND_LINKS',
  'PIP_NO_INDEX',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
] as const;

/** The allow-listed part of `env` for a trainer, with what keeps Python from reading or writing where it should not. */
export function trainerEnvironment(env: Environment): Record<string, string> {
  return { ...only(env, FOR_TRAINERS), PYTHONDONTWRITEBYTECODE: '1', PYTHONUNBUFFERED: '1', PYTHONUTF8: '1', PYTHONNOUSERSITE: '1' };
}

export function installerEnvironment(env: Environment): Record<string, string> {
  return { ...only(env, FOR_TRAINERS), ...only(env, FOR_INSTALLERS), PYTHONUTF8: '1', PYTHONNOUSERSITE: '1', PIP_NO_INPUT: '1' };
}

/** Names are compared without case: proxies come in both, and Windows spells `Path`. */
function only(env: Environment, names: readonly string[]): Record<string, string> {
  const allowed = new Set(names);
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && allowed.has(entry[0].toUpperCase())),
  );
}

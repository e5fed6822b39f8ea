/** Where to go after signing in: a path of this site, or its start. Anything else is an open redirect. */
export function nextPath(wanted: string | undefined): string {
  if (wanted === undefined || !/^\/(?![/\\])[^\\\p{Cc}]*$/u.test(wanted)) return '/'
  return wanted.startsWith('/signin') || wanted.startsWith('/setup') ? '/' : wanted
}

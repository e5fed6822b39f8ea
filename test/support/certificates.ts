/**
 * A certificate authority for one test run, made with the openssl command in a folder that is removed
 * when the process ends.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Pair = { readonly key: string; readonly cert: string }

export type Authority = {
  /** PEM, for `ca`. */
  readonly cert: string
  /** A key and a certificate for a name or address; -1 day makes it expired. */
  issue(subject: string, days?: number): Pair
  selfSigned(subject: string): Pair
}

export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'sendoff-ca-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  let issued = 0

  const selfSign = (name: string, subject: string, extension: string) => {
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
    ]
    openssl(
      ...request,
      ...['-subj', `/CN=${subject}`, '-days', '2', '-addext', extension],
      ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
    )
  }

  selfSign('ca', 'Sendoff test authority', 'keyUsage=critical,keyCertSign')
  return {
    cert: read('ca.pem'),
    issue: (subject, days = 2) => {
      const name = `leaf${issued++}`
      const request = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
      openssl(
        ...request,
        '-subj',
        `/CN=${subject}`,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
      )
      writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${alternativeName(subject)}\n`)
      openssl(
        ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key'],
        ...['-extfile', `${name}.ext`, '-out', `${name}.pem`, '-days', String(days)],
      )
      return { key: read(`${name}.key`), cert: read(`${name}.pem`) }
    },
    selfSigned: (subject) => {
      const name = `self${issued++}`
      selfSign(name, subject, `subjectAltName=${alternativeName(subject)}`)
      return { key: read(`${name}.key`), cert: read(`${name}.pem`) }
    },
  }
}

function alternativeName(subject: string): string {
  return /^[\d.]+$|:/.test(subject) ? `IP:${subject}` : `DNS:${subject}`
}

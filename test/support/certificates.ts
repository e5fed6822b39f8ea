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
  const openssl = (command: string) =>
    execFileSync('openssl', command.split(' '), { cwd: folder, stdio: 'pipe' })
  const pair = (name: string): Pair => ({
    key: readFileSync(join(folder, `${name}.key`), 'utf8'),
    cert: readFileSync(join(folder, `${name}.pem`), 'utf8'),
  })
  const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
  let issued = 0

  const selfSign = (name: string, subject: string, extension: string) =>
    openssl(
      `req -x509 ${newKey} -subj /CN=${subject} -days 2 -addext ${extension}` +
        ` -keyout ${name}.key -out ${name}.pem`,
    )

  selfSign('ca', 'test-authority', 'keyUsage=critical,keyCertSign')
  return {
    cert: pair('ca').cert,
    issue: (subject, days = 2) => {
      const name = `leaf${issued++}`
      openssl(`req ${newKey} -subj /CN=${subject} -keyout ${name}.key -out ${name}.csr`)
      writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${alternativeName(subject)}\n`)
      openssl(
        `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -extfile ${name}.ext` +
          ` -out ${name}.pem -days ${days}`,
      )
      return pair(name)
    },
    selfSigned: (subject) => {
      const name = `self${issued++}`
      selfSign(name, subject, `subjectAltName=${alternativeName(subject)}`)
      return pair(name)
    },
  }
}

function alternativeName(subject: string): string {
  return /^[\d.]+$|:/.test(subject) ? `IP:${subject}` : `DNS:${subject}`
}

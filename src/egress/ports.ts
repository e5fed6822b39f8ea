/**
 * Which ports a web request may go to. An HTTP request sent to a mail server or a database can be
 * read as commands there, so the ports of such services are refused unless an operator names them.
 */

/** The "bad ports" of the Fetch standard from 1024 up, and the databases it leaves out. */
const refused: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3306, 3659, 4045, 4190, 5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666,
  6667, 6668, 6669, 6679, 6697, 10_080, 11_211,
])

/** Below 1024 only 80 and 443 are the web's; above, all but the known services of other protocols. */
export function isWebPort(port: number): boolean {
  return port === 80 || port === 443 || (port >= 1024 && port <= 65_535 && !refused.has(port))
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535
}

/**
 * Reads `multipart/form-data` (RFC 7578) from bytes that are all there: one pass, no copies but the
 * parts. Strict: line ends are CRLF, every part is a named form-data part, the closing delimiter is
 * present. What breaks a rule or a limit is not multipart, and the caller shows it as text or bytes.
 *
 * A part with a filename, or whose content is not text, is a file.
 */
import { decodeText } from './decode-text.ts'
import { addField } from './fields.ts'
import { limits } from './limits.ts'
import { parseMediaType } from './media-type.ts'

export type FilePart = {
  readonly filename: string
  readonly mimetype: string
  readonly size: number
  readonly data_b64: string
}

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const DASH = 0x2d
/** RFC 2046, 5.1.1. */
const BOUNDARY = /^[\x20-\x7e]{1,70}$/

/** The fields of a form by name, repeats as arrays; undefined where the bytes are no such form. */
export function parseMultipart(
  bytes: Uint8Array,
  boundary: string,
): Record<string, unknown> | undefined {
  if (!BOUNDARY.test(boundary)) return undefined
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const line = Buffer.from(`--${boundary}`, 'latin1')
  const fields: Record<string, unknown> = {}
  let delimiter = findDelimiter(buffer, line, 0)
  for (let parts = 0; delimiter && parts <= limits.multipartParts; parts++) {
    if (delimiter.closes) return fields
    const headersAt = delimiter.end
    const headersEnd = buffer.indexOf('\r\n\r\n', headersAt)
    if (headersEnd === -1 || headersEnd - headersAt > limits.multipartHeaderBytes) return undefined
    // From the line end of the headers on: an empty part may share it with the delimiter.
    const next = findDelimiter(buffer, line, headersEnd + 2)
    const headers = buffer.toString('utf8', headersAt, headersEnd)
    const content = buffer.subarray(headersEnd + 4, Math.max(next?.start ?? 0, headersEnd + 4))
    if (!next || !addPart(fields, headers, content)) return undefined
    delimiter = next
  }
  return undefined
}

/** `start` is where content before it ends, `end` where the line it stands on does. */
type Delimiter = { readonly start: number; readonly end: number; readonly closes: boolean }

/** The first line that is a delimiter; a line that only begins like one is content. */
function findDelimiter(buffer: Buffer, line: Buffer, from: number): Delimiter | undefined {
  for (let at = buffer.indexOf(line, from); at !== -1; at = buffer.indexOf(line, at + 1)) {
    const begins = at === 0 || (buffer[at - 2] === CR && buffer[at - 1] === LF)
    let end = at + line.length
    const closes = buffer[end] === DASH && buffer[end + 1] === DASH
    while (buffer[end] === SPACE || buffer[end] === TAB) end++
    const ends = buffer[end] === CR && buffer[end + 1] === LF
    if (begins && (closes || ends)) return { start: at - 2, end: end + 2, closes }
  }
  return undefined
}

function addPart(fields: Record<string, unknown>, headers: string, content: Buffer): boolean {
  const disposition = parseMediaType(headerOf(headers, 'content-disposition'))
  const name = disposition.parameters.get('name')
  if (disposition.type !== 'form-data' || name === undefined) return false
  const contentType = headerOf(headers, 'content-type')
  const filename = filenameOf(disposition.parameters)
  const charset = parseMediaType(contentType).parameters.get('charset')
  const text = filename === undefined ? decodeText(content, charset) : undefined
  addField(fields, unescape(name), text ?? fileOf(filename ?? '', contentType, content))
  return true
}

function fileOf(filename: string, contentType: string, content: Buffer): FilePart {
  return {
    filename,
    mimetype: contentType || 'application/octet-stream',
    size: content.length,
    data_b64: content.toString('base64'),
  }
}

function headerOf(headers: string, name: string): string {
  for (const line of headers.split('\r\n')) {
    const colon = line.indexOf(':')
    if (line.slice(0, colon).toLowerCase() === name) return line.slice(colon + 1).trim()
  }
  return ''
}

function filenameOf(parameters: ReadonlyMap<string, string>): string | undefined {
  const extended = /^utf-8'[^']*'(.*)$/i.exec(parameters.get('filename*') ?? '')?.[1]
  if (extended !== undefined) {
    try {
      return decodeURIComponent(extended)
    } catch {
      // Malformed escapes: the plain file name, if there is one, stands in.
    }
  }
  const plain = parameters.get('filename')
  return plain === undefined ? undefined : unescape(plain)
}

/** Browsers write these three characters of a name so (WHATWG HTML, multipart form data). */
function unescape(name: string): string {
  return name.replaceAll(/%22/g, '"').replaceAll(/%0d/gi, '\r').replaceAll(/%0a/gi, '\n')
}

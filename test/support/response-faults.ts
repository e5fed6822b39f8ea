/**
 * Rows 93 to 123 of the security matrix: what a receiver answers, and how the attempt must end. A null
 * code means delivered; `status` is what must be on record although the attempt failed.
 */
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { FailureCode } from '../../src/model/delivery.ts'
import { FIN, RST } from './fault-server.ts'
import type { Move, Script } from './fault-server.ts'

export type ResponseFault = {
  readonly name: string
  readonly code: FailureCode | null
  readonly detail: string | null
  readonly status: number | null
  readonly script: Script
}

const HEAD = 'HTTP/1.1 200 OK\r\n'
const OK = `${HEAD}content-length: 2\r\n\r\nok`
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`
const LONG = `${HEAD}content-length: 9\r\n\r\n`
const TICK = { waitMs: 30 }
const BOMB = Buffer.alloc(16 * 1024 * 1024)

type Row = readonly [name: string, detail: string | null, status: number | null, ...moves: Move[]]

const timeouts: readonly Row[] = [
  ['[93] never replies', 'timeout_headers', null],
  ['[94] trickles headers', 'timeout_headers', null, HEAD, { again: 'a: b\r\n', everyMs: 20 }],
  ['[94] trickles its status line', 'timeout_headers', null, { slowly: HEAD, everyMs: 100 }],
  [
    '[95] trickles its body',
    'timeout_body',
    200,
    `${HEAD}content-length: 9999\r\n\r\n`,
    { again: 'x', everyMs: 20 },
  ],
  ['[95] trickles chunks', 'timeout_body', 200, CHUNKED, { again: '1\r\nx\r\n', everyMs: 20 }],
  [
    '[96] interim responses for ever',
    'timeout_headers',
    null,
    { again: 'HTTP/1.1 103 Early Hints\r\n\r\n', everyMs: 20 },
  ],
  [
    '[96] 100 Continue for ever',
    'timeout_headers',
    null,
    { again: 'HTTP/1.1 100 Continue\r\n\r\n', everyMs: 20 },
  ],
  ['[97] stalls behind its headers', 'timeout_body', 200, LONG],
  ['[97] stalls mid-body', 'timeout_body', 200, `${LONG}abc`],
  ['[97] stalls mid-chunk', 'timeout_body', 200, `${CHUNKED}9\r\nabc`],
  ['[97] stalls before the last chunk', 'timeout_body', 200, `${CHUNKED}3\r\nabc\r\n`],
]

const resets: readonly Row[] = [
  ['[98] reset before a byte', 'ECONNRESET', null, RST],
  ['[98] reset mid-headers', 'ECONNRESET', null, HEAD, TICK, RST],
  ['[98] reset mid-body', 'ECONNRESET', 200, `${LONG}abc`, TICK, RST],
  ['[98] closed mid-headers', 'closed', null, HEAD, FIN],
  ['[98] closed mid-body', 'closed_early', 200, `${LONG}abc`, FIN],
  [
    '[98] closed mid-body, as announced',
    'closed_early',
    200,
    `${HEAD}connection: close\r\ncontent-length: 9\r\n\r\nabc`,
    FIN,
  ],
  ['[99] closed without a byte', 'closed', null, FIN],
]

const malformed: readonly Row[] = [
  ['[100] chunks cut short', 'chunk_cut', 200, `${CHUNKED}5\r\nab`, FIN],
  ['[100] reset mid-chunk', 'chunk_cut', 200, `${CHUNKED}5\r\nab`, TICK, RST],
  ['[100] a chunk size that is none', 'chunk_invalid', 200, `${CHUNKED}zz\r\n`],
  ['[100] a negative chunk size', 'chunk_invalid', 200, `${CHUNKED}-5\r\nabcde\r\n`],
  ['[100] a chunk size beyond 64 bits', 'chunk_invalid', 200, `${CHUNKED}${'f'.repeat(17)}\r\n`],
  ['[100] a chunk longer than it says', 'chunk_invalid', 200, `${CHUNKED}2\r\nabcdef\r\n`],
  [
    '[102] two lengths',
    'length_unclear',
    null,
    `${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\nabc`,
  ],
  [
    '[102] length and chunks',
    'length_unclear',
    null,
    `${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    '[102] chunks and length',
    'length_unclear',
    null,
    `${HEAD}transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n`,
  ],
  ['[102] a negative length', 'length_unclear', null, `${HEAD}content-length: -1\r\n\r\n`],
  ['[102] a length with a sign', 'length_unclear', null, `${HEAD}content-length: +2\r\n\r\nok`],
  ['[102] a length in hex', 'length_unclear', null, `${HEAD}content-length: 0x2\r\n\r\nok`],
  ['[102] a length of two numbers', 'length_unclear', null, `${HEAD}content-length: 2 2\r\n\r\nok`],
  [
    '[102] a length of 10^22',
    'length_unclear',
    null,
    `${HEAD}content-length: 1${'0'.repeat(22)}\r\n\r\n`,
  ],
  ['[105] bare LF', 'line_ending_invalid', null, 'HTTP/1.1 200 OK\ncontent-length: 0\n\n'],
  ['[105] bare CR', 'line_ending_invalid', null, 'HTTP/1.1 200 OK\rcontent-length: 0\r\r'],
  ['[105] NUL in a header', 'header_invalid', null, `${HEAD}a: \0\r\n\r\n`],
  [
    '[105] a folded header',
    'header_invalid',
    null,
    `${HEAD}a: b\r\n c\r\ncontent-length: 0\r\n\r\n`,
  ],
  ['[105] a header without a name', 'header_invalid', null, `${HEAD}: b\r\n\r\n`],
  ['[105] a header without a colon', 'header_invalid', null, `${HEAD}hello\r\n\r\n`],
  ['[105] a space before the colon', 'header_invalid', null, `${HEAD}a : b\r\n\r\n`],
  ['[105] an SSH banner', 'not_http', null, 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['[105] an SMTP banner', 'not_http', null, '220 mail.example ESMTP\r\n'],
  ['[105] HTTP/0.9', 'not_http', null, '<html>hello</html>', FIN],
  ['[105] a TLS alert', 'not_http', null, Buffer.from('15030100020246', 'hex')],
  ['[122] an HTTP/2 preface', 'not_http', null, Buffer.from('000012040000000000', 'hex')],
  ['[106] HTTP/3.0', 'not_http', null, 'HTTP/3.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
  ['[107] status 000', 'status_invalid', null, 'HTTP/1.1 000 Odd\r\ncontent-length: 0\r\n\r\n'],
  ['[107] status 99', 'status_invalid', null, 'HTTP/1.1 99 Odd\r\n\r\n'],
  ['[107] status 1000', 'status_invalid', null, 'HTTP/1.1 1000 Odd\r\n\r\n'],
  ['[107] a status in letters', 'status_invalid', null, 'HTTP/1.1 abc Odd\r\n\r\n'],
  [
    '[112] 101, unasked',
    'upgrade_unasked',
    null,
    'HTTP/1.1 101 Switch\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
  ],
]

const endless: readonly Row[] = [
  [
    '[96] interim responses, as fast as they are read',
    'framing_endless',
    null,
    { again: 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(500), everyMs: 0 },
  ],
  [
    '[100] a chunk extension of 4 MiB',
    'framing_endless',
    200,
    `${CHUNKED}2;${'a'.repeat(4 * 1024 * 1024)}\r\nok\r\n0\r\n\r\n`,
  ],
  [
    '[100] a chunk extension without an end',
    'framing_endless',
    200,
    `${CHUNKED}2;`,
    { again: 'a'.repeat(65_536), everyMs: 0 },
  ],
]

const tooLarge: readonly Row[] = [
  [
    '[103] a header of 64 KiB',
    'headers_too_large',
    null,
    `${HEAD}a: ${'x'.repeat(65_536)}\r\n\r\n`,
  ],
  [
    '[103] 10,000 headers',
    'headers_too_large',
    null,
    `${HEAD}${'abcdef: 1\r\n'.repeat(10_000)}\r\n`,
  ],
  [
    '[103] a header that does not end',
    'headers_too_large',
    null,
    `${HEAD}a: `,
    { again: 'x'.repeat(4_096), everyMs: 0 },
  ],
  [
    '[103] headers that do not end',
    'headers_too_large',
    null,
    HEAD,
    { again: 'a: b\r\n'.repeat(500), everyMs: 0 },
  ],
]

const statuses: readonly Row[] = [
  ['[108] status 999', 'http_status', 999, 'HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n'],
  ['[108] status 600', 'http_status', 600, 'HTTP/1.1 600 Odd\r\ncontent-length: 0\r\n\r\n'],
  [
    '[109] 304 with a body',
    'http_status',
    304,
    'HTTP/1.1 304 Same\r\ncontent-length: 3\r\n\r\nabc',
  ],
  ['[119] 410', 'http_status', 410, 'HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n'],
  [
    '[68] a redirect that is not followed',
    'http_status',
    302,
    'HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n',
  ],
]

const odd: readonly Row[] = [
  ['[100] a chunk extension', null, 200, `${CHUNKED}2;a=b\r\nok\r\n0\r\n\r\n`],
  ['[101] more body than it says', null, 200, `${OK}and more`],
  [
    '[102] chunked, identity',
    null,
    200,
    `${HEAD}transfer-encoding: chunked, identity\r\n\r\nok`,
    FIN,
  ],
  [
    '[104] 2,500 small headers',
    null,
    200,
    `${HEAD}${'a:1\r\n'.repeat(2_500)}content-length: 0\r\n\r\n`,
  ],
  ['[106] HTTP/1.0 without a length', null, 200, 'HTTP/1.0 200 OK\r\n\r\nall', FIN],
  ['[106] HTTP/1.1 without a length', null, 200, `${HEAD}\r\nall`, FIN],
  ['[106] an HTTP/2.0 line', null, 200, 'HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
  ['[106] no reason phrase', null, 200, 'HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n'],
  ['[109] 204 with a body', null, 204, 'HTTP/1.1 204 None\r\ncontent-length: 3\r\n\r\nabc'],
  ['[109] 205 with a body', null, 205, 'HTTP/1.1 205 Reset\r\ncontent-length: 3\r\n\r\nabc'],
  ['[110] 103 and then 200', null, 200, `HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n${OK}`],
  ['[110] 102 and then 200', null, 200, `HTTP/1.1 102 Processing\r\n\r\n${OK}`],
  ['[111] 100 and then 200, unasked', null, 200, `HTTP/1.1 100 Continue\r\n\r\n${OK}`],
  [
    '[114] a body without an end',
    null,
    200,
    `${HEAD}\r\n`,
    { again: 'x'.repeat(65_536), everyMs: 0 },
  ],
  [
    '[114] chunks without an end',
    null,
    200,
    CHUNKED,
    { again: `4000\r\n${'x'.repeat(16_384)}\r\n`, everyMs: 0 },
  ],
  ['[115] a gzip bomb', null, 200, ...compressed('gzip', gzipSync(BOMB))],
  ['[115] a brotli bomb', null, 200, ...compressed('br', brotliCompressSync(BOMB))],
  ['[115] a zstd bomb', null, 200, ...compressed('zstd', zstdCompressSync(BOMB))],
  ['[116] gzip that is none', null, 200, ...compressed('gzip', Buffer.from('not gzip'))],
  ['[116] an unknown encoding', null, 200, ...compressed('x-own', Buffer.from('own'))],
  [
    '[117] bytes that are no text',
    null,
    200,
    ...compressed('identity', Buffer.from('fffe00800aefbbbf', 'hex')),
  ],
]

function compressed(encoding: string, body: Buffer): [string, Buffer] {
  return [`${HEAD}content-encoding: ${encoding}\r\ncontent-length: ${body.length}\r\n\r\n`, body]
}

const faultsOf = (code: FailureCode | null, rows: readonly Row[]): readonly ResponseFault[] =>
  rows.map(([name, detail, status, ...moves]) => ({
    name,
    code,
    detail,
    status,
    script: { moves },
  }))

export const responseFaults: readonly ResponseFault[] = [
  ...faultsOf('timeout', timeouts),
  ...faultsOf('reset', resets),
  ...faultsOf('protocol', malformed),
  ...faultsOf('protocol', endless),
  ...faultsOf('too_large_headers', tooLarge),
  ...faultsOf('http_status', statuses),
  ...faultsOf(null, odd),
  {
    name: '[113] 413 before the body was read',
    code: 'http_status',
    detail: 'http_status',
    status: 413,
    script: { early: true, moves: ['HTTP/1.1 413 Large\r\ncontent-length: 0\r\n\r\n'] },
  },
  {
    name: '[93] neither reads nor replies',
    code: 'timeout',
    detail: 'timeout_headers',
    status: null,
    script: { early: true, moves: [] },
  },
]

/** The many ways to write one IPv4 address into a URL, from the literature on slipping past filters. */

const circled = '⓪ ① ② ③ ④ ⑤ ⑥ ⑦ ⑧ ⑨'.split(' ')
const fullwidth = (text: string) =>
  text.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))
const percent = (text: string) =>
  text.replaceAll(/./g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`)

/** One or more of every kind of address that nobody may reach. */
export const refusedAddresses: readonly string[] =
  `127.0.0.1 127.0.0.0 127.255.255.255 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1
  100.100.100.200 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1
  192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.1 192.168.255.255 192.175.48.1
  198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
  168.63.129.16 127.1.2.3 10.1.2.3 172.20.30.40 192.168.10.65 100.127.255.255 169.254.255.255`.split(
    /\s+/,
  )

/** Hosts, as they stand in a URL before `:port`. All mean `address`, or carry it in IPv6. */
export function spellings(address: string): readonly string[] {
  const bytes = address.split('.').map(Number) as [number, number, number, number]
  const [a, b, c, d] = bytes
  const whole = ((a * 256 + b) * 256 + c) * 256 + d
  const hex = whole.toString(16).padStart(8, '0')
  const [high, low] = [hex.slice(0, 4), hex.slice(4)]
  const octal = (value: number) => `0${value.toString(8)}`
  const four = [
    address,
    `${address}.`,
    String(whole),
    `0x${hex}`,
    `0X${hex.toUpperCase()}`,
    octal(whole),
    bytes.map((byte) => `0x${byte.toString(16)}`).join('.'),
    bytes.map((byte) => `0x00${byte.toString(16)}`).join('.'),
    bytes.map(octal).join('.'),
    bytes.map((byte) => `00${octal(byte)}`).join('.'),
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
    `0x${a.toString(16)}.${b}.${octal(c)}.${d}`,
    `${octal(a)}.0x${b.toString(16)}.${c * 256 + d}`,
    address.replaceAll('.', '。'),
    address.replaceAll('.', '．'),
    fullwidth(address),
    address.replaceAll(/\d/g, (digit) => circled[Number(digit)]!),
    percent(address),
    `${percent(String(a))}.${b}.${c}.${d}`,
    `${a}.\u00ad${b}.${c}.${d}`,
    `${a}.\t${b}.${c}.${d}`,
  ]
  const six = [
    `::ffff:${address}`,
    `::ffff:${high}:${low}`,
    `0:0:0:0:0:FFFF:${high}:${low}`,
    `::${address}`,
    `::${high}:${low}`,
    `::ffff:0:${high}:${low}`,
    `64:ff9b::${address}`,
    `64:ff9b:1::${high}:${low}`,
    `2002:${high}:${low}::1`,
    `2001:0:${high}:${low}::1`,
    `2a00::5efe:${high}:${low}`,
    `2a00::200:5efe:${high}:${low}`,
    `fe80::5efe:${high}:${low}`,
  ]
  return [...four, ...six.map((host) => `[${host}]`)]
}

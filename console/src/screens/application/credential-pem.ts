// Reads as much of a certificate as a person needs to recognise it, before it is sent. What counts is what the server reads.

export type Preview = { subject: string; issuer: string; from: Date; until: Date; names: string[]; thumbprint: string }

/** Whether a text or a file's name is that of a private key, which must not leave its owner. */
export function isPrivate(text: string, file = '') {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) || /\.(p12|pfx|key)$/i.test(file)) return true
  try {
    const read = JSON.parse(text) as object[] | ({ keys?: object[] } & object)
    const all = Array.isArray(read) ? read : [read, ...(Array.isArray(read.keys) ? read.keys : [])]
    return all.some((key: unknown) => typeof key === 'object' && key !== null && ('d' in key || 'k' in key)) // RFC 7518 §6
  } catch {
    return false
  }
}

export const refusal = 'That is a private key. It belongs to your application alone: whoever has it is your application. It was not sent and is not kept here; give its public half.'

type Node = { tag: number; body: Uint8Array; raw: Uint8Array }

/** Splits a run of DER elements (X.690 §8.1); throws if they are none. */
function nodes(bytes: Uint8Array): Node[] {
  const found: Node[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!
    let length = bytes[at + 1]!
    let head = 2
    if (length & 0x80) {
      const count = length & 0x7f
      if (count === 0 || count > 4) throw new Error('no DER')
      length = 0
      for (let i = 0; i < count; i++) length = length * 256 + bytes[at + 2 + i]!
      head += count
    }
    const end = at + head + length
    if (!(end <= bytes.length)) throw new Error('no DER')
    found.push({ tag, body: bytes.subarray(at + head, end), raw: bytes.subarray(at, end) })
    at = end
  }
  return found
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const hex = (bytes: Uint8Array) => [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('')

const attributes: Record<string, string> = { '550403': 'CN', '55040a': 'O', '55040b': 'OU', '550406': 'C', '550407': 'L', '550408': 'ST' }

/** A distinguished name, most special part first (RFC 4514). */
const nameOf = (bytes: Uint8Array) =>
  nodes(bytes)
    .flatMap((set) => nodes(set.body))
    .map((pair) => {
      const [type, value] = nodes(pair.body)
      return `${attributes[hex(type!.body)] ?? 'other'}=${text(value!.body)}`
    })
    .reverse()
    .join(', ')

/** UTCTime has two digits of the year, which mean 1950 to 2049 (RFC 5280 §4.1.2.5.1). */
function timeOf({ tag, body }: Node) {
  const said = text(body)
  const whole = tag === 0x17 ? `${Number(said.slice(0, 2)) < 50 ? '20' : '19'}${said}` : said
  return new Date(whole.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d).*$/, '$1-$2-$3T$4:$5:$6Z'))
}

/** The subject alternative names among the extensions. */
function alternatives(extensions: Node | undefined): string[] {
  if (!extensions) return []
  const wanted = nodes(nodes(extensions.body)[0]!.body).map((each) => nodes(each.body)).find(([id]) => hex(id!.body) === '551d11')
  if (!wanted) return []
  return nodes(nodes(wanted.at(-1)!.body)[0]!.body).flatMap(({ tag, body }) => (tag === 0x87 ? [body.length === 4 ? body.join('.') : hex(body)] : [0x81, 0x82, 0x86].includes(tag) ? [text(body)] : []))
}

/** Reads a certificate from PEM, or nothing if it is none. */
export async function preview(pem: string): Promise<Preview | undefined> {
  const found = /-----BEGIN CERTIFICATE-----([\s\S]+?)-----END CERTIFICATE-----/.exec(pem)
  try {
    const der = Uint8Array.from(atob((found?.[1] ?? pem).replace(/\s/g, '')), (c) => c.charCodeAt(0))
    const parts = nodes(nodes(nodes(der)[0]!.body)[0]!.body)
    const at = parts[0]!.tag === 0xa0 ? 1 : 0 // the version is left out in the first one
    const [from, until] = nodes(parts[at + 3]!.body)
    const sum = crypto.subtle ? new Uint8Array(await crypto.subtle.digest('SHA-256', der)) : undefined
    return {
      issuer: nameOf(parts[at + 2]!.body),
      from: timeOf(from!),
      until: timeOf(until!),
      subject: nameOf(parts[at + 4]!.body),
      names: alternatives(parts.find(({ tag }) => tag === 0xa3)),
      thumbprint: sum ? btoa(String.fromCharCode(...sum)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '') : '',
    }
  } catch {
    return undefined
  }
}

/** Reads a dropped file as text: PEM, JSON, or a certificate in DER. Nothing if it is DER of something else, which may be a key. */
export async function pemOf(file: File): Promise<string | undefined> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  if (bytes[0] !== 0x30) return text(bytes)
  const pem = `-----BEGIN CERTIFICATE-----\n${btoa(String.fromCharCode(...bytes)).replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
  return (await preview(pem)) && pem
}

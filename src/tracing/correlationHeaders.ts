/**
 * A correlation as headers of a request, and back: W3C Trace Context and Baggage, and the `x-` headers that services use.
 *
 * Headers come from anyone: what is malformed is left out, and how much is read is bounded before it is parsed.
 */
import {
  type BaggageEntry,
  type Correlation,
  type IdField,
  idFieldNames,
  idFields,
  isBaggageName,
  isId,
  make,
  maxMembers,
  none,
  ownPrefix
} from "../event/correlationFields.js"
import { attempt } from "../plain/untrusted.js"

/**
 * Headers as frameworks give them: a record, with a list where a header came several times, or pairs of name and value.
 *
 * @since 0.1.0
 * @category models
 */
export type IncomingHeaders =
  | { readonly [name: string]: string | ReadonlyArray<string> | undefined }
  | Iterable<readonly [name: string, value: string]>

/** The headers of the ids that have one. The other ids travel in the baggage. */
const idHeaders: { readonly [K in IdField]?: string } = {
  correlationId: "x-correlation-id",
  requestId: "x-request-id",
  runId: "x-pipeline-run-id",
  orgId: "x-org-id"
}

/** The limits of the W3C: of the whole `baggage`, and of one member of it, in bytes. */
const maxBaggage = 8_192
const maxMember = 4_096

const baggagePrefix = "x-baggage-"
/** Most headers that are looked at: as many as Node takes in a request. */
const maxLooked = 2_000
/** Longest name of a header that is looked at. */
const maxName = 300

const extraPrefix = `${ownPrefix}extra.`

export const toHeaders = (given: Correlation): { readonly [name: string]: string } => {
  const correlation = make(given)
  const headers: Record<string, string> = {}
  const { sampled, spanId, traceId, traceState } = correlation
  if (traceId !== undefined && spanId !== undefined) {
    headers.traceparent = `00-${traceId}-${spanId}-${sampled === true ? "01" : "00"}`
    if (traceState !== undefined) headers.tracestate = traceState
  }
  const baggage = new BaggageWriter()
  for (const field of idFieldNames) {
    const id = correlation[field]
    const header = idHeaders[field]
    if (id === undefined) continue
    if (header !== undefined && isHeaderText(id)) headers[header] = id
    else baggage.add(ownPrefix + idFields[field], id)
  }
  const { baggage: entries, extra } = correlation
  for (const name in extra) baggage.add(extraPrefix + tokenOf(name), extra[name] ?? "")
  for (const name in entries) baggage.add(name, entries[name] ?? "")
  if (baggage.text !== "") headers.baggage = baggage.text
  return headers
}

/** The headers of the two ids that a response says. */
export const answerHeaders = ({ correlationId, requestId }: Correlation): { readonly [name: string]: string } => {
  const headers: Record<string, string> = {}
  if (correlationId !== undefined && isHeaderText(correlationId)) headers["x-correlation-id"] = correlationId
  if (requestId !== undefined && isHeaderText(requestId)) headers["x-request-id"] = requestId
  return headers
}

const isHeaderText = (text: string): boolean => /^[\u0021-\u007e](?:[\u0020-\u007e]*[\u0021-\u007e])?$/.test(text)

// What `encodeURIComponent` leaves, a token may have, but for these.
const tokenOf = (name: string): string => encodeURIComponent(name).replaceAll("(", "%28").replaceAll(")", "%29")

/** What does not fit into the limits is left out. */
class BaggageWriter {
  text = ""
  #members = 0

  add(name: string, entry: BaggageEntry): void {
    const { properties, value } = typeof entry === "string" ? { value: entry, properties: undefined } : entry
    const member = `${name}=${encodeURIComponent(value)}${properties === undefined ? "" : `;${properties}`}`
    const length = this.text.length + member.length + (this.text === "" ? 0 : 1)
    if (this.#members >= maxMembers || member.length > maxMember || length > maxBaggage) return
    this.#members += 1
    this.text += this.text === "" ? member : `,${member}`
  }
}

/** It never throws, whatever it is given. */
export const fromHeaders = (headers: IncomingHeaders): Correlation => attempt(() => read(headers), none)

const read = (headers: IncomingHeaders): Correlation => {
  const found = new FoundHeaders()
  if (Symbol.iterator in headers) {
    for (const [name, value] of headers as Iterable<readonly [string, string]>) {
      if (found.isFull) break
      found.take(name, value)
    }
  } else {
    for (const name in headers) {
      if (found.isFull) break
      found.take(name, headers[name])
    }
  }
  if (!found.isAny) return none
  const members = new Map<string, BaggageEntry>()
  const own = new Map<string, string>()
  for (const [name, value] of found.prefixed ?? []) if (isBaggageName(name)) members.set(name, value)
  readBaggage(found.baggage, members, own)
  const given: Record<string, unknown> = traceOf(found)
  for (const field of idFieldNames) {
    const header = idHeaders[field]
    const id = header === undefined ? undefined : found.ids?.get(header)
    given[field] = id !== undefined && isId(id) ? id : own.get(idFields[field])
  }
  // Most requests have no baggage.
  if (own.size === 0 && members.size === 0) return make(given)
  const extra = Array.from(own).flatMap(([name, value]) =>
    name.startsWith("extra.") ? [[attempt(() => decodeURIComponent(name.slice(6)), ""), value] as const] : []
  )
  return make({ ...given, baggage: Object.fromEntries(members), extra: Object.fromEntries(extra) })
}

const wantedIds: ReadonlySet<string> = new Set(Object.values(idHeaders))

/** The headers that are read. Of texts of any length no more is kept than may be read. */
class FoundHeaders {
  traceparent: string | undefined
  tracestate = ""
  baggage = ""
  /** Whether anything was found: most requests say nothing. */
  isAny = false
  ids: Map<string, string> | undefined
  prefixed: Map<string, string> | undefined
  #left = maxBaggage
  #looked = 0

  get isFull(): boolean {
    return this.#looked >= maxLooked
  }

  take(given: string, values: string | ReadonlyArray<string> | undefined): void {
    this.#looked += 1
    if (typeof given !== "string" || given.length > maxName) return
    // Most headers are none of these: their first letter says so.
    const first = given.charCodeAt(0) | 0x20
    if (first !== 0x74 && first !== 0x62 && first !== 0x78) return
    const name = given.toLowerCase()
    this.isAny ||= first !== 0x74 || name.startsWith("trace")
    if (typeof values === "string") this.#take(name, values)
    else if (Array.isArray(values)) {
      for (const value of values.slice(0, maxMembers)) if (typeof value === "string") this.#take(name, value)
    }
  }

  #take(name: string, value: string): void {
    if (name === "traceparent") {
      // Two of them say nothing.
      this.traceparent = this.traceparent === undefined ? value : ""
    } else if (name === "tracestate") this.tracestate = joined(this.tracestate, value)
    else if (name === "baggage") this.baggage = joined(this.baggage, value)
    else if (wantedIds.has(name)) {
      this.ids ??= new Map()
      if (!this.ids.has(name) && value.length <= maxName) this.ids.set(name, value.trim())
    } else if (name.startsWith(baggagePrefix)) {
      this.prefixed ??= new Map()
      const size = name.length + value.length
      if (size > maxMember || size > this.#left || this.prefixed.size >= maxMembers) return
      this.#left -= size
      this.prefixed.set(name.slice(baggagePrefix.length), value.trim())
    }
  }
}

const joined = (before: string, value: string): string =>
  before.length > maxBaggage
    ? before
    : before === ""
      ? value.slice(0, maxBaggage + 1)
      : `${before},${value.slice(0, maxBaggage + 1)}`

/** A version of the future may say more after the flags. */
const traceparent = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

const traceOf = (found: FoundHeaders): Record<string, unknown> => {
  const text = found.traceparent ?? ""
  const [, version, traceId = "", spanId = "", flags = "", rest] =
    (text.length <= maxMember && traceparent.exec(text.trim())) || []
  if (version === undefined || (version === "00" && rest !== undefined)) return {}
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return {}
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1, traceState: found.tracestate }
}

/** Of members of one name the last counts. */
const readBaggage = (text: string, members: Map<string, BaggageEntry>, own: Map<string, string>): void => {
  let count = 0
  let start = 0
  while (start < text.length && count < maxMembers) {
    const comma = text.indexOf(",", start)
    const end = comma < 0 ? text.length : comma
    // The member that the limit cuts in two is none.
    if (end > maxBaggage) return
    if (end > start) {
      count += 1
      if (end - start <= maxMember) readMember(text.slice(start, end), members, own)
    }
    start = end + 1
  }
}

const readMember = (text: string, members: Map<string, BaggageEntry>, own: Map<string, string>): void => {
  const semicolon = text.indexOf(";")
  const pair = semicolon < 0 ? text : text.slice(0, semicolon)
  const equals = pair.indexOf("=")
  if (equals < 0) return
  const name = pair.slice(0, equals).trim()
  const value = decoded(pair.slice(equals + 1).trim())
  if (value === undefined) return
  if (name.startsWith(ownPrefix)) {
    own.set(name.slice(ownPrefix.length), value)
    return
  }
  if (!isBaggageName(name)) return
  const properties = semicolon < 0 ? "" : text.slice(semicolon + 1).trim()
  members.set(name, properties === "" ? value : { value, properties })
}

/** As the W3C says: neither quotes, backslashes, spaces nor anything but ASCII, unless it is percent-encoded. */
const decoded = (value: string): string | undefined =>
  /^[\u0021\u0023-\u002b\u002d-\u003a\u003c-\u005b\u005d-\u007e]*$/.test(value)
    ? attempt(() => decodeURIComponent(value), undefined)
    : undefined

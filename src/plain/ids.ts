/**
 * Ids that are random: of stories, and of spans that stay in the process.
 */
const digits = Buffer.from("0123456789abcdef")
/** The ids made last: the next ones are written over them. */
const hexId = Buffer.alloc(32)
const uuidId = Buffer.from("00000000-0000-7000-8000-000000000000")

/** Random bytes, one of each digit, of the next ids: asking the system for those of each id takes most of its time. */
const random = new Uint8Array(32 * 128)
let used = random.length

const reserve = (count: number): void => {
  if (used + count <= random.length) return
  crypto.getRandomValues(random)
  used = 0
}

const put = (id: Buffer, at: number, digit = random[used++] ?? 0): void => {
  id[at] = digits[digit & 15] ?? 0
}

/** So many random digits, of 32 at most, as those of a span. */
export const hex = (count: number): string => {
  reserve(count)
  for (let at = 0; at < count; at++) put(hexId, at)
  return hexId.toString("latin1", 0, count)
}

/** A UUIDv7, written out: the package that makes them is heavier than what it does here. */
export const uuid = (timestamp: number): string => {
  reserve(20)
  const time = Math.max(0, Math.floor(timestamp) || 0)
  let high = Math.floor(time / 65_536)
  for (let at = 7; at >= 0; at--, high >>>= 4) put(uuidId, at, high)
  for (let at = 12, low = time & 65_535; at > 8; at--, low >>>= 4) put(uuidId, at, low)
  // Behind the digit of the version; none of the dashes.
  for (let at = 15; at < 36; at++) if (at !== 18 && at !== 23) put(uuidId, at)
  put(uuidId, 19, 8 | ((random[used++] ?? 0) & 3))
  return uuidId.toString("latin1")
}

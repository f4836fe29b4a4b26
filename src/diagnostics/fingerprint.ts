/**
 * What makes two failures the same one, for counting and for reporting it once.
 */
import { hash } from "node:crypto"
import { relative } from "node:path"
import type { Failure } from "../event/FailureReport.js"
import { remembering } from "../plain/lruCache.js"
import { attempt } from "../plain/untrusted.js"

/**
 * 16 hexadecimal digits of the SHA-256 of type, place and chain. The line is not in it: code above it moves. Nor is what
 * varies from one occurrence to the next, so that `order 17 not found` and `order 18 not found` are one.
 */
export const fingerprint = (
  failure: Pick<Failure, "errorType" | "exceptionChain" | "location" | "stagePath">,
  fileKey: (file: string) => string = withoutFolder
): string => {
  const { errorType, exceptionChain, location, stagePath } = failure
  const place = location === null ? stagePath.join(" > ") : `${fileKey(location.file)} ${location.function}`
  return digitsOf([errorType, place, withoutVariables(exceptionChain.slice(0, maxChain))].join("\u0000"))
}

/** Most fingerprints, and chains without what varies, that are remembered: the same failures come again and again. */
const maxKnown = 128

const digitsOf = remembering(maxKnown, (text) => hash("sha256", text, "hex").slice(0, 16))

/** The same program may be in another folder on another machine. */
const withoutFolder = (file: string): string => {
  const path = attempt(() => relative(process.cwd(), file), file)
  return path.startsWith("..") ? file : path
}

/** Longest part of a chain that is looked at, in UTF-16 code units. */
const maxChain = 2_000

/** Between quotes: an apostrophe within a word, as in "won't", opens and closes nothing. */
const quoted = /"[^"]*"|(?<![\p{L}\p{N}])'[^'\n]*?'(?![\p{L}\p{N}])|`[^`]*`/gu

const uuid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi

const hexadecimal = /\b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b/gi

/** What may be an id: ULID, nanoid, cuid, `ch_3MmlLrLkdIwHu7ix`, `/tmp/app-Xk3f9Q`. */
const word = /[\p{L}\p{N}_-]{6,}/gu

const withoutVariables = remembering(maxKnown, (chain) =>
  chain
    .replace(quoted, "*")
    .replace(uuid, "*")
    .replace(hexadecimal, "*")
    .replace(word, (text) => (isId(text) ? "*" : text))
    .replace(/\d+/g, "*")
)

/** Whether a word, or a part of it, was made by chance and not by a writer: it changes its kind of letters all the time. */
const isId = (text: string): boolean => text.split(/[-_]/).some(isRandom)

const isRandom = (part: string): boolean => {
  if (part.length < 6) return false
  const digits = part.match(/\d+|\D+/g)?.length ?? 0
  // `ARZ3NDEK4`: a name has one number, `base64url`, and seldom a second.
  if (digits > 3) return true
  const runs = part.match(/\d+|\p{Lu}*[^\d\p{Lu}]+|\p{Lu}+/gu)?.length ?? 0
  // camelCase begins a word with each capital, and words have more than two letters.
  return (runs > 3 && part.length / runs < 2.7) || (runs > 2 && part.length / runs <= 2)
}

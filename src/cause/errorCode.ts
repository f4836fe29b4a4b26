/**
 * The code of an error, as systems and databases give them: `ECONNREFUSED`, `SQLITE_BUSY`.
 */
import { propertyOf } from "../plain/untrusted.js"

const systemCode = /^[A-Z][A-Z0-9_]{1,40}$/

/** Deepest chain of causes that is searched. */
const maxDepth = 8

/** The first code of that form, of the error itself or of what caused it. It names no address, unlike a message. */
export const codeOf = (error: unknown, form = systemCode): string | undefined => {
  let link = error
  for (let depth = 0; depth < maxDepth && link !== undefined; depth++) {
    const code = propertyOf(link, "code")
    if (typeof code === "string" && form.test(code)) return code
    link = propertyOf(link, "cause")
  }
  return undefined
}

/**
 * What hides secrets, as everything that lets texts and values out sees it.
 */
import type { PlainRecord, PlainValue } from "../plain/PlainValue.js"
import type { Secrets } from "./secrets.js"

/**
 * Hides secrets. It never throws, whatever it is given. (One of your own may: what it fails for is hidden whole, and a
 * warning says so.)
 *
 * - `isSecretName`: whether a value of that name is hidden. `true`, `false` and `null` stay under a built-in name, and
 *   so do numbers under a name that counts (`promptTokens`); under a name of your own, all but `null` is hidden.
 * - `value`: a plain copy, with everything hidden that is secret by name (at any depth of objects, class instances,
 *   Maps, `Headers` and lists, in which a name may be followed by its value), by type, by shape, or because it repeats
 *   something hidden. Of an object under a word of other trades (`session`, `token`) only what looks generated is hidden.
 * - `record`: the same of named values.
 * - `text`: a text without what looks like a secret, and without the values in `secrets`. Hide before you cut: half a
 *   secret is not found.
 * - `source`: the same of source code, a line or several, where only literals are values: `password = readPassword()`
 *   stays, and so does the name in `apiKey = Config.redacted("API_KEY")`.
 *
 * What `value` and `record` hide by name or type is added to `secrets`, and so are the literals that `source` hides.
 *
 * @since 0.1.0
 * @category models
 */
export interface Redactor {
  readonly isSecretName: (name: string) => boolean
  readonly value: (value: unknown, secrets?: Secrets) => PlainValue
  readonly record: (record: Readonly<Record<string, unknown>>, secrets?: Secrets) => PlainRecord
  readonly text: (text: string, secrets?: Secrets) => string
  readonly source: (line: string, secrets?: Secrets) => string
}

const ours = new WeakSet<Redactor>()

/** Marks a redactor that never throws. */
export const markOurs = (redactor: Redactor): void => void ours.add(redactor)

export const isOurs = (redactor: Redactor): boolean => ours.has(redactor)

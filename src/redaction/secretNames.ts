/**
 * Which names are those of secrets.
 *
 * A name is split into words, in whatever case style it is written, and is secret when some words of it in a row are a
 * known term: `DB_PASSWORD`, `X-Api-Key`, `refreshTokens`; neither `tokenizer` nor `secretary`.
 */

/**
 * - `open`: no secret.
 * - `secret`: hidden, but for what says only whether there is one: `true`, `false`, `null`.
 * - `counting`: as `secret`, but a number is a count of them (`promptTokens`).
 * - `own`: a name the user asked to hide, with all its values.
 */
export type NameKind = "open" | "secret" | "counting" | "own"

export interface SecretNames {
  readonly kindOf: (name: string) => NameKind
  /** Of words in a row that are a term as they are, as `api key` is: for free text, where any words stand in a row. */
  readonly kindOfTerm: (phrase: string) => NameKind
}

/** What the user asked to hide besides. */
export interface OwnNames {
  readonly extra: ReadonlyArray<string>
  readonly patterns: ReadonlyArray<RegExp>
  readonly predicate: ((name: string) => boolean) | undefined
}

/** Secret wherever they stand in a name. */
const anywhere = [
  "password",
  "passwd",
  "passphrase",
  "passcode",
  "pwd",
  "secret",
  "token",
  "api key",
  "authorization",
  "cookie",
  "session",
  "credential",
  "cred",
  "private key",
  "access key",
  "account key",
  "auth key",
  "encryption key",
  "license key",
  "master key",
  "shared key",
  "signing key",
  "storage key",
  "subscription key",
  "connection string",
  "conn str",
  "dsn",
  "jwt",
  "bearer",
  "csrf",
  "xsrf",
  "seed phrase",
  "mnemonic",
  "credit card",
  "card number",
  "cvv",
  "cvc",
  "ssn"
]

/** Secret as the last word of a name: elsewhere they tell of something else (`authMethod`, `passRate`, `pinCount`). */
const atEnd = ["auth", "pass", "pin", "otp", "totp", "sig", "signature"]

/** Written as one word with something before it, they are still beyond doubt: `PGPASSWORD`, `dbpasswd`, `myapikey`. */
const endOfWord = /(?:password|passwd|passphrase|apikey|secretkey|accesstoken|authtoken)s?$/

/** A name that ends in one of these tells of a secret, and is none: `tokenCount`, `sessionExpiresAt`. */
const harmlessEnds = new Set(
  (
    "age at budget count counts disabled enabled expired expires expiry in length limit max min minutes ms percent " +
    "policy present required seconds size strength timeout total ttl type types usage used valid"
  ).split(" ")
)

/** Most names remembered, and the longest of them. */
const maxKnown = 2_000
const maxKnownName = 64
/** How much of a name is looked at. */
const maxName = 256

export const secretNames = ({ extra, patterns, predicate }: OwnNames): SecretNames => {
  const own = new Set(extra.map(joined))
  const longest = Math.max(...[...builtIn, ...own].map((term) => term.length)) + 1
  const known = new Map<string, NameKind>()

  const isOwn = (name: string, words: ReadonlyArray<string>): boolean => {
    if (own.size > 0 && runsOf(words, longest, (run) => own.has(run) || own.has(singular(run)))) return true
    if (patterns.some((pattern) => pattern.test(name))) return true
    if (predicate === undefined) return false
    try {
      return Boolean(predicate(name))
    } catch {
      return true
    }
  }

  const kindOfNew = (name: string): NameKind => {
    const words = wordsOf(name)
    return isOwn(name, words) ? "own" : builtInKind(words, longest)
  }

  const kindOf = (name: string): NameKind => {
    if (name.length > maxKnownName) return kindOfNew(name.slice(0, maxName))
    let kind = known.get(name)
    if (kind === undefined) {
      kind = kindOfNew(name)
      if (known.size >= maxKnown) known.clear()
      known.set(name, kind)
    }
    return kind
  }

  const kindOfTerm = (phrase: string): NameKind => {
    const term = joined(phrase)
    if (own.has(term)) return "own"
    return builtIn.has(term) ? "secret" : "open"
  }

  return { kindOf, kindOfTerm }
}

/** The words of a name as one, in lower case. */
const joined = (name: string): string => wordsOf(name).join("")

/** Whether a name has anything to be matched by. */
export const isName = (name: string): boolean => joined(name) !== ""

const aWord = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{M}]+|\p{N}+/gu

const wordsOf = (name: string): ReadonlyArray<string> => (name.match(aWord) ?? []).map((word) => word.toLowerCase())

const singular = (term: string): string => (term.endsWith("s") ? term.slice(0, -1) : term)

const builtIn: ReadonlySet<string> = new Set(anywhere.map((term) => term.replace(" ", "")))
const builtInAtEnd: ReadonlySet<string> = new Set(atEnd)

/** Whether any words in a row, as one, are accepted. */
const runsOf = (
  words: ReadonlyArray<string>,
  longest: number,
  accept: (run: string, isLast: boolean) => boolean
): boolean => {
  for (let start = 0; start < words.length; start++) {
    let run = ""
    for (let end = start; end < words.length; end++) {
      run += words[end]
      if (run.length > longest) break
      if (accept(run, end === words.length - 1)) return true
    }
  }
  return false
}

const builtInKind = (words: ReadonlyArray<string>, longest: number): NameKind => {
  const last = words.at(-1)
  if (last === undefined || harmlessEnds.has(last)) return "open"
  if (words.some((word) => endOfWord.test(word))) return "secret"
  let counts = false
  const isSecret = runsOf(words, longest, (run, isLast) => {
    const isPlural = !builtIn.has(run)
    if (isPlural && !builtIn.has(singular(run))) return isLast && builtInAtEnd.has(run)
    if (!isPlural && run !== "token") return true
    counts = true
    return false
  })
  return isSecret ? "secret" : counts ? "counting" : "open"
}

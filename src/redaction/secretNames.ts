/**
 * Which names are those of secrets.
 *
 * A name is split into words, in whatever case style it is written, and is secret when some words of it in a row are a
 * known term: `DB_PASSWORD`, `X-Api-Key`, `refreshTokens`; neither `tokenizer` nor `secretary`.
 */

/**
 * - `open`: no secret.
 * - `secret`: hidden, but for what says only whether there is one: `true`, `false`, `null`.
 * - `secrets`: as `secret`, but a number is a count of them (`passwords: 2`).
 * - `word`: a word of other trades as well (the `session` of a conference, the `token` of a lexer). A scalar is hidden; an
 *   object is looked into, and only what looks generated is hidden there.
 * - `words`: as `word`, but a number is a count of them (`promptTokens`).
 * - `own`: a name the user asked to hide, with all its values.
 */
export type NameKind = "open" | "secret" | "secrets" | "word" | "words" | "own"

export const isCounting = (kind: NameKind): boolean => kind === "secrets" || kind === "words"

export const isWord = (kind: NameKind): boolean => kind === "word" || kind === "words"

export interface SecretNames {
  readonly kindOf: (name: string) => NameKind
  /** Of words in a row that are a term as they are, as `api key` is: for free text, where any words follow each other. */
  readonly kindOfTerm: (phrase: string) => NameKind
}

/** What the user asked to hide besides. */
export interface OwnNames {
  readonly extra: ReadonlyArray<string>
  readonly patterns: ReadonlyArray<RegExp>
  readonly predicate: ((name: string) => boolean) | undefined
}

/** Secret wherever they are in a name. */
const anywhere = (
  "password,passwd,passphrase,passcode,pwd,secret,api key,authorization,set cookie,cookies,credentials,cred,private key," +
  "access key,account key,auth key,encryption key,license key,master key,shared key,signing key,storage key," +
  "subscription key,access token,api token,auth token,bearer token,csrf token,id token,refresh token,session cookie," +
  "session id,session key,session token,connection string,conn str,dsn,jwt,csrf,xsrf,seed phrase,credit card,card number," +
  "cvv,cvc,ssn"
).split(",")

/** Words of other trades, too. */
const wordsAnywhere = ["token", "cookie", "session", "credential", "bearer", "mnemonic"]

/** Secret as the last word of a name: elsewhere they are about something else (`authMethod`, `passRate`, `pinCount`). */
const atEnd = ["otp", "pw", "totp"]
const wordsAtEnd = ["auth", "pass", "pin", "sig", "signature"]

/** Written as one word with something before it, they are still beyond doubt: `PGPASSWORD`, `dbpasswd`, `myapikey`. */
const endOfWord = /(?:password|passwd|passphrase|apikey|secretkey|accesstoken|authtoken)s?$/

/** A name that ends in one of these is about a secret, and is none: `tokenCount`, `sessionExpiresAt`. */
const harmlessEnds = new Set(
  (
    "age at budget count counts disabled enabled expired expires expiry in length limit max min minutes ms percent " +
    "policy present required seconds size strength timeout total ttl type types usage used valid"
  ).split(" ")
)

/** The same of words of other trades, which have more to say: `tokenPosition`, `sessionTitle`. */
const harmlessEndsOfWords = new Set(
  "audience column domain endpoint host index issuer kind label line name offset path position provider scope state status title url".split(
    " "
  )
)

/** Most names remembered, and the longest of them. */
const maxKnown = 2_000
const maxKnownName = 64
/** How much of a name is looked at. */
const maxName = 256

export const secretNames = ({ extra, patterns, predicate }: OwnNames): SecretNames => {
  const own = new Set(extra.map(joined))
  const longest = Math.max(...[...builtInTerms.keys(), ...own].map((term) => term.length)) + 1
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
    return builtInTerms.get(term) ?? "open"
  }

  return { kindOf, kindOfTerm }
}

/** The words of a name as one, in lower case. */
const joined = (name: string): string =>
  // Of these letters, each is of a word.
  /[^ -~]/.test(name) ? wordsOf(name).join("") : name.replace(/[^A-Za-z0-9]+/g, "").toLowerCase()

/** Whether a name has anything to be matched by. */
export const isName = (name: string): boolean => joined(name) !== ""

const aWord = /\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}\p{M}]+|\p{N}+/gu

const wordsOf = (name: string): ReadonlyArray<string> => (name.match(aWord) ?? []).map((word) => word.toLowerCase())

const singular = (term: string): string => (term.endsWith("s") ? term.slice(0, -1) : term)

/** What each term is: where one word may be two, as one. */
const kindsOf = (terms: ReadonlyArray<string>, kind: "secret" | "word") =>
  terms.map((term) => [term.replace(" ", ""), kind] as const)

const builtInTerms: ReadonlyMap<string, "secret" | "word"> = new Map([
  ...kindsOf(anywhere, "secret"),
  ...kindsOf(wordsAnywhere, "word")
])
const builtInAtEnd: ReadonlyMap<string, "secret" | "word"> = new Map([
  ...kindsOf(atEnd, "secret"),
  ...kindsOf(wordsAtEnd, "word")
])

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
  const kinds = new Set<NameKind>()
  let counts = true
  runsOf(words, longest, (run, isLast) => {
    const one = builtInTerms.get(run)
    const kind = one ?? builtInTerms.get(singular(run)) ?? (isLast ? builtInAtEnd.get(run) : undefined)
    if (kind === undefined) return false
    kinds.add(kind)
    // A plural may be a number of them; so may `token`, which people count by.
    if (run === "token" || run === "cookies" || run === "credentials") return false
    counts &&= one === undefined && builtInTerms.has(singular(run))
    return false
  })
  if (kinds.has("secret")) return counts ? "secrets" : "secret"
  if (kinds.size === 0 || harmlessEndsOfWords.has(last)) return "open"
  return counts ? "words" : "word"
}

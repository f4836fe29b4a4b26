/**
 * Secrets known by how they look in a text: what is after a secret name, in a URL, in a header, or is a key of a
 * well-known service.
 *
 * Every step is linear in the text: each expression either consumes what it has read or reads a bounded part of it.
 */

import { type Assigned, hideAssigned } from "./assignments.js"
import { dashes, hintsIn, key, list, marks, scheme, sign, slash, spoken } from "./hints.js"
import { hideListed } from "./listedValues.js"
import { isGenerated } from "./ordinaryText.js"
import { redacted } from "./redacted.js"
import { isWord, type NameKind, type SecretNames } from "./secretNames.js"
import { serviceKeys } from "./serviceKeys.js"
import { assignedInSource } from "./valuesInSource.js"
import { assignedInText, hideFlags, hideInsideWords, isRemark } from "./valuesInText.js"

type Found = (value: string, kind: NameKind) => void

/** Without everything that looks like a secret. Doing it again changes nothing. */
export const hideShapes = (text: string, names: SecretNames): string => hide(text, names, assignedInText)

/** The same for source code. `found` is called with each literal that is assigned to a secret name. */
export const hideShapesInSource = (source: string, names: SecretNames, found?: Found): string =>
  hide(source, names, assignedInSource, found)

const hide = (text: string, names: SecretNames, assigned: Assigned, found?: Found): string => {
  let before = text
  let after = hideOnce(text, names, assigned, found)
  // Where something is gone, what is beside it may look different.
  for (let round = 0; round < maxRounds && after !== before; round++) {
    before = after
    after = hideOnce(before, names, assigned)
  }
  return after
}

/** Two are enough for what is not made to take more. */
const maxRounds = 8

/** Whether there may be anything to hide in a text: a cheap look, which says no to most. */
export const mayHide = (text: string): boolean => hintsIn(text) !== 0

const hideOnce = (text: string, names: SecretNames, assigned: Assigned, found?: Found): string => {
  const hints = hintsIn(text)
  if (hints === 0) return text
  let out = (hints & sign) !== 0 && text.includes("://") ? hideUrlCredentials(text) : text
  if ((hints & marks) !== 0) out = hideMarked(out, names, hints)
  if ((hints & list) !== 0) out = hideListed(out, names)
  if ((hints & sign) === 0) return out
  if (assigned === assignedInText) out = hideInsideWords(out, names)
  return hideAssigned(out, names, assigned, found)
}

/** Begins a private key; its end may have been cut off. */
const privateKeyStart = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g
const privateKeyEnd = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g

const hidePrivateKeys = (text: string): string => {
  let out = ""
  let copied = 0
  privateKeyStart.lastIndex = 0
  for (let start = privateKeyStart.exec(text); start !== null; start = privateKeyStart.exec(text)) {
    privateKeyEnd.lastIndex = privateKeyStart.lastIndex
    const isWhole = privateKeyEnd.test(text)
    out += text.slice(copied, start.index) + redacted
    copied = isWhole ? privateKeyEnd.lastIndex : text.length
    privateKeyStart.lastIndex = copied
  }
  return copied === 0 ? text : out + text.slice(copied)
}

/** Between a scheme and the `@` of its host. */
const urlCredentials = /(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,30}:\/\/)(?!git@)[^\s/?#"'`\\]+@/gi
/** A password with a `/`, `?` or `#` in it, as people paste them. */
const looseCredentials =
  /(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#@:["'`\\]{0,256}:(?!\d{1,5}(?:[/?#\s"'`\\]|$))[^\s@"'`\\]{1,256}@(?:[^\s/?#@"'`\\]*@)*/gi

/** Addresses that are a password. */
const webhooks =
  /(hooks\.slack\.com\/(?:services|workflows|triggers)\/|discord(?:app)?\.com\/api\/webhooks\/)[\w/-]{4,}/g

const schemes = /(?<![A-Za-z0-9])(bearer|basic)(\s{1,8})([^\s"'`,;)\]}]{4,})/gi

const hideUrlCredentials = (text: string): string =>
  text.includes("@") ? text.replace(urlCredentials, `$1${redacted}@`).replace(looseCredentials, `$1${redacted}@`) : text

const hideMarked = (text: string, names: SecretNames, hints: number): string => {
  let out = text
  if ((hints & dashes) !== 0 && out.includes("-----BEGIN")) out = hidePrivateKeys(out)
  if ((hints & slash) !== 0) out = out.replace(webhooks, `$1${redacted}`)
  if ((hints & dashes) !== 0) out = hideFlags(out, names)
  if ((hints & slash) !== 0) out = hideElements(out, names)
  if ((hints & spoken) !== 0) out = out.replace(spokenPasswords, hideSpoken)
  if ((hints & key) !== 0) out = out.replace(serviceKeys, redacted)
  return (hints & scheme) !== 0 ? out.replace(schemes, hideCredentials) : out
}

/** An element of XML that holds a text. */
const elements = /<([\w.:-]{1,64})((?:\s[^<>]{0,256})?)>([^<>]{1,512})<\/\1\s{0,4}>/g

const hideElements = (text: string, names: SecretNames): string =>
  text.replace(elements, (all, name: string, attributes: string, value: string) => {
    const kind = names.kindOf(name.slice(name.indexOf(":") + 1))
    const isSecret =
      kind !== "open" && value.trim() !== "" && (isWord(kind) ? isGenerated(value.trim()) : !isRemark(value.trim()))
    return isSecret ? `<${name}${attributes}>${redacted}</${name}>` : all
  })

/** A password behind its word, as people write it: `with password Tr0ub4dor&3`, `the password is "…"`. */
const spokenPasswords =
  /(?<![A-Za-z0-9])(pass(?:word|wd|phrase)|pwd)(\s{1,4}(?:(?:is|was)\s{1,4})?)(["'`]?)([^\s"'`,;()<>=:]{4,128})(["'`]?)/gi

const hideSpoken = (all: string, word: string, between: string, open: string, value: string, close: string): string => {
  const isQuoted = open !== "" && open === close && between.trim() !== ""
  return isQuoted || isGenerated(value) ? `${word}${between}${open}${redacted}${close}` : all
}

const hideCredentials = (all: string, scheme: string, space: string, credentials: string): string => {
  const isSecret =
    scheme.length === 6
      ? !isRemark(credentials) && !/^(?:realm|scope|error\w*)=/.test(credentials)
      : isBasic(credentials)
  return isSecret ? `${scheme}${space}${redacted}` : all
}

/** `Basic` is a word of its own: what follows has to look encoded, or to be a name and its password once decoded. */
const isBasic = (credentials: string): boolean =>
  (credentials.length >= 8 && /[0-9=+/]/.test(credentials)) ||
  (credentials.length <= 4_096 && /^[\x20-\x7e]*:[\x20-\x7e]*$/.test(Buffer.from(credentials, "base64").toString()))

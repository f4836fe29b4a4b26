/**
 * The values one label may take: the first so many, and `other` for all that come after.
 */

/** What replaces every value too many. */
export const other = "other"

/** What replaces a value that is not known. */
export const unknown = "unknown"

/** Longest value of a label, in UTF-16 code units. */
const maxLength = 128

export class LabelValues {
  readonly #known = new Set<string>()

  constructor(readonly most: number) {}

  /** The value as it is exported; `undefined` when there are too many. */
  admit(value: string): string | undefined {
    if (this.#known.has(value)) return value
    const cleaned = clean(value)
    if (this.#known.has(cleaned)) return cleaned
    if (this.#known.size >= this.most) return undefined
    this.#known.add(cleaned)
    return cleaned
  }
}

// What a label would show as something else than it is, or not at all.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g

const loneSurrogate = /\p{Surrogate}/gu

const clean = (value: string): string => {
  const text = value.slice(0, maxLength).replace(unprintable, " ").replace(loneSurrogate, "\ufffd").trim()
  // To Prometheus an empty value is no label at all.
  return text === "" ? unknown : text
}

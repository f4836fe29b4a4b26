/**
 * The secrets that are known so far.
 */
import type { SecretMatcher } from "./secretMatcher.js"

/** How secrets are found in texts: part of what is loaded with the first output. */
export interface Matching {
  readonly formsOf: (value: string) => ReadonlyArray<string>
  readonly makeMatcher: () => SecretMatcher
}

let matching: Matching | undefined

export const setMatching = (loaded: Matching): void => {
  matching = loaded
}

/** Most values remembered. */
export const maxSecrets = 200

/**
 * The values that were hidden so far, so that they can be removed by value elsewhere: one for each story will do.
 *
 * It keeps the newest 200, and of each the first 4,096 characters. A value of less than 4 characters, or one that is
 * used everywhere (`true`, `admin`, `password`), is not removed by value.
 *
 * @since 0.1.0
 * @category models
 */
export class Secrets {
  /**
   * How many values were hidden under a name, or as `Redacted`.
   *
   * @since 0.1.0
   */
  hidden = 0
  // Most stories hide nothing.
  #matcher: SecretMatcher | undefined
  #known: Map<string, ReadonlyArray<string>> | undefined
  #version = 0

  /**
   * Remembers a value: {@link Redactor.text} removes it from then on, also as JSON, in a URL or in
   * base64.
   *
   * @since 0.1.0
   */
  add(value: string): void {
    this.#known ??= new Map()
    const known = this.#known.get(value)
    if (known !== undefined) {
      // Seen again, it is among the newest.
      this.#known.delete(value)
      this.#known.set(value, known)
      return
    }
    // As long as nothing is loaded that finds secrets, all is hidden.
    const forms = matching?.formsOf(value)
    if (matching === undefined || forms === undefined || forms.length === 0) return
    this.#known.set(value, forms)
    this.#matcher ??= matching.makeMatcher()
    this.#matcher.add(forms)
    this.#version += 1
    if (this.#known.size <= maxSecrets) return
    for (const [oldest, forgotten] of this.#known) {
      this.#known.delete(oldest)
      this.#matcher.delete(forgotten)
      return
    }
  }

  /**
   * How often a new value was added.
   *
   * @internal
   */
  get version(): number {
    return this.#version
  }

  /**
   * The text without any of the values.
   *
   * @internal
   */
  hideIn(text: string): string {
    return this.#matcher === undefined ? text : this.#matcher.hideIn(text)
  }
}

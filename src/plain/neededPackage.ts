/**
 * An optional package that something of this library cannot do without.
 */

/** What was thrown where it was loaded; where it is not installed, what to install. */
export const whyNotLoaded = (entry: string, name: string, thrown: unknown): unknown =>
  isMissing(name, thrown) ? new Error(`${entry} needs ${name}: npm install ${name}`, { cause: thrown }) : thrown

/** Not what the package itself failed to load. */
const isMissing = (name: string, thrown: unknown): boolean =>
  thrown instanceof Error &&
  "code" in thrown &&
  (thrown.code === "MODULE_NOT_FOUND" || thrown.code === "ERR_MODULE_NOT_FOUND") &&
  thrown.message.includes(`'${name}'`)

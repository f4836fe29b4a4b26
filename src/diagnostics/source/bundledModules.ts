/**
 * Which module a line of a bundle came from, by the comments that bundlers leave where each module begins.
 *
 * A bundle without a source map holds Effect's code and the app's in one file: these comments are all that distinguishes them
 * apart.
 */
import { remembering } from "../../plain/lruCache.js"
import * as sourceText from "./sourceText.js"

/** The module that a line came from; `undefined` where the file is no bundle, or does not say. */
export const moduleAt = (file: string, line: number): string | undefined => {
  const modules = modulesOf(file)
  let low = 0
  let high = modules.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((modules[middle]?.line ?? 0) <= line) low = middle + 1
    else high = middle
  }
  return modules[low - 1]?.name
}

/** Whether a file holds Effect's own code beside the app's, so that a line of it may be anyone's. */
export const isBundle = (file: string): boolean => sizeOf(file).isBundle

interface ModuleStart {
  readonly line: number
  readonly name: string
}

// esbuild: `// node_modules/effect/dist/esm/Effect.js`; rolldown: `//#region src/main.ts`; webpack: `!*** ./src/main.ts ***!`
const comment =
  /^\s*(?:\/\/ ?(?:#region )?|!\*\*\* )((?:[\w@.+~-]+:)?(?:\.{0,2}\/)*(?:[\w@.+~-]+\/)*[\w@.+~[\]-]+\.[cm]?[jt]sx?)(?: \*\*\*!.*)?$/

const modulesOf = remembering(8, (file): ReadonlyArray<ModuleStart> => {
  const found: Array<ModuleStart> = []
  for (const [i, text] of sourceText.linesOf(file).entries()) {
    const name = text.length > 300 ? undefined : comment.exec(text)?.[1]
    if (name !== undefined) found.push({ line: i + 1, name })
  }
  // A comment that names a file is no bundle; one that names a package's is.
  return found.some(({ name }) => name.includes("node_modules/")) ? found : []
})

const sizeOf = remembering(32, (file): { readonly isBundle: boolean } => ({
  isBundle: sourceText.linesOf(file).some((line) => line.includes("effect/Runtime/FiberFailure"))
}))

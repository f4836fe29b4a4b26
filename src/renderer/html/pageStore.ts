/**
 * Where pages are put: all stories in one file, a file for each, or a folder with an index.
 */
import { join } from "node:path"
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { PageStory, StoryCard } from "./pageData.js"
import * as pageFile from "./pageFile.js"
import * as pageHtml from "./pageHtml.js"
import * as pagePath from "./pagePath.js"

/** A root story at the moment it is written down. */
export interface Finished {
  readonly card: StoryCard
  readonly story: PageStory
  /** Of the root story, whole: what was put under it before is replaced. */
  readonly id: string
}

export interface PageStore {
  /** Puts stories there, oldest first; one that is there already is replaced. Gives the file to look at. */
  readonly put: (stories: ReadonlyArray<Finished>, writtenAt: number) => Effect.Effect<string, PlatformError>
}

interface Titled {
  readonly title: string | null
}

/** Most text of all the stories in one file. */
const maxText = 48 * 1024 * 1024

/** All stories in one file: the last `keep`, and no more than fit. */
export const oneFile = (
  fs: FileSystem.FileSystem,
  path: string,
  { keep, title }: Titled & { readonly keep: number }
): PageStore => {
  const kept = new Map<string, { readonly card: StoryCard; readonly json: string }>()
  let text = 0
  let omitted = 0
  const forget = (id: string) => {
    text -= kept.get(id)?.json.length ?? 0
    kept.delete(id)
  }
  return {
    put: (stories, writtenAt) =>
      Effect.suspend(() => {
        for (const { card, id, story } of stories) {
          const json = JSON.stringify(story)
          text += json.length - (kept.get(id)?.json.length ?? 0)
          kept.set(id, { card, json })
        }
        for (const id of kept.keys()) {
          if (kept.size <= 1 || (kept.size <= keep && text <= maxText)) break
          forget(id)
          omitted += 1
        }
        const newest = Array.from(kept.values()).reverse()
        const html = pageHtml.report(
          { title, writtenAt, omittedStories: omitted, stories: newest.map(({ json }) => json) },
          newest.map(({ card }) => card)
        )
        return Effect.as(pageFile.write(fs, path, html), path)
      })
  }
}

const pageOf = ({ card, story }: Finished, title: string | null, writtenAt: number): string =>
  pageHtml.report({ title, writtenAt, omittedStories: 0, stories: [JSON.stringify(story)] }, [card])

/** A file for each story, by a path with placeholders. Stories that share one replace each other. */
export const fileEach = (fs: FileSystem.FileSystem, template: string, { title }: Titled): PageStore => ({
  put: (stories, writtenAt) =>
    Effect.map(
      Effect.forEach(stories, (finished) => {
        const path = pagePath.fill(template, finished.card)
        return Effect.as(
          Effect.suspend(() => pageFile.write(fs, path, pageOf(finished, title, writtenAt))),
          path
        )
      }),
      (paths) => paths.at(-1) ?? template
    )
})

/**
 * A folder with a file for each story, and an `index.html` of the last `keep`. What is in the folder decides: pages of
 * other processes are listed too, and those that were removed are not. Older pages are removed.
 */
export const folder = (
  fs: FileSystem.FileSystem,
  path: string,
  { keep, title }: Titled & { readonly keep: number }
): PageStore => {
  const known = new Map<string, StoryCard>()
  const cardAt = (name: string): Effect.Effect<StoryCard | undefined> => {
    const card = known.get(name)
    return card === undefined ? readCard(fs, join(path, name)) : Effect.succeed(card)
  }
  const listed = Effect.gen(function* () {
    const names = (yield* fs.readDirectory(path)).filter(pagePath.isNameIn).sort().reverse()
    const entries: Array<StoryCard & { readonly file: string }> = []
    for (const file of names) {
      const card = yield* cardAt(file)
      if (card === undefined) continue
      if (entries.length < keep) entries.push({ ...card, file })
      // Another process may have been quicker.
      else yield* fs.remove(join(path, file), { force: true })
    }
    known.clear()
    for (const { file, ...card } of entries) known.set(file, card)
    return entries
  })
  return {
    put: (stories, writtenAt) =>
      Effect.gen(function* () {
        for (const finished of stories) {
          const name = pagePath.nameIn(finished.card)
          yield* pageFile.write(fs, join(path, name), pageOf(finished, title, writtenAt))
          known.set(name, finished.card)
        }
        const index = join(path, "index.html")
        yield* pageFile.write(fs, index, pageHtml.index({ page: "index", title, writtenAt, entries: yield* listed }))
        return index
      })
  }
}

/** What cannot be read is not listed; it is not ours to complain about. */
const readCard = (fs: FileSystem.FileSystem, path: string): Effect.Effect<StoryCard | undefined> =>
  Effect.scoped(
    Effect.gen(function* () {
      const file = yield* fs.open(path, { flag: "r" })
      const bytes = yield* file.readAlloc(FileSystem.Size(pageHtml.cardWithin))
      return Option.isSome(bytes) ? pageHtml.cardOf(new TextDecoder().decode(bytes.value)) : undefined
    })
  ).pipe(Effect.orElseSucceed(() => undefined))
